(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32 i64 i32) (result i32)))
  (type (;2;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func))
  (type (;5;) (func (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (;0;) (type 1)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (;1;) (type 2)))
  (memory (;0;) 1 4)
  (memory $wasm_vfs::memory (;1;) 2)
  (global (;0;) (mut i32) i32.const 65536)
  (export "memory" (memory 0))
  (export "_start" (func $wasm_vfs::tested__start))
  (func $wasm_vfs::self_test (;2;) (type 4)
    (local i32 i64 i64 i64 i64)
    i32.const 0
    memory.size
    i32.const 1
    i32.lt_u
    i32.or
    memory.size $wasm_vfs::memory
    i32.const 2
    i32.lt_u
    i32.or
    local.set 0
    block ;; label = @1
      memory.size
      memory.size $wasm_vfs::memory
      i32.eq
      if ;; label = @2
        i32.const 1
        memory.grow $wasm_vfs::memory
        i32.const -1
        i32.eq
        br_if 1 (;@1;)
      end
      local.get 0
      memory.size
      memory.size $wasm_vfs::memory
      i32.eq
      i32.or
      i32.const 0
      memory.grow $wasm_vfs::memory
      memory.size $wasm_vfs::memory
      i32.ne
      i32.or
      local.set 0
    end
    local.get 0
    i32.const 0
    i64.load align=1
    local.set 1
    i32.const 8
    i64.load align=1
    local.set 2
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    local.set 3
    i32.const 8
    i64.load $wasm_vfs::memory align=1
    local.set 4
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    i64.const 1802658157
    i64.ne
    i32.or
    i32.const 0
    i64.const -9114578090645354616
    i64.store align=1
    i32.const 0
    i64.const -7957135325236127848
    i64.store $wasm_vfs::memory align=1
    i32.const 0
    i32.load $wasm_vfs::memory align=1
    i32.const -1785292904
    i32.ne
    i32.or
    i32.const 0
    i64.const 0
    i64.store align=1
    i32.const 0
    i64.const 0
    i64.store $wasm_vfs::memory align=1
    i32.const 0
    i32.const 1
    i32.store align=1
    i32.const 0
    i64.load align=1
    i64.const 1
    i64.ne
    i32.or
    i32.const 0
    i32.const 2
    i32.store $wasm_vfs::memory align=1
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    i64.const 2
    i64.ne
    i32.or
    i32.const 0
    i64.const 3
    i64.store $wasm_vfs::memory align=1
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    i64.const 3
    i64.ne
    i32.or
    i32.const 0
    i64.const 1
    i64.store align=1
    i32.const 0
    i64.const 2
    i64.store $wasm_vfs::memory align=1
    i32.const 8
    i64.const 0
    i64.store $wasm_vfs::memory align=1
    i32.const 8
    i32.const 0
    i32.const 8
    memory.copy $wasm_vfs::memory $wasm_vfs::memory
    i32.const 8
    i64.load $wasm_vfs::memory align=1
    i64.const 2
    i64.ne
    i32.or
    i32.const 8
    i64.const 0
    i64.store $wasm_vfs::memory align=1
    i32.const 8
    i32.const 1
    i32.const 1
    memory.fill $wasm_vfs::memory
    i32.const 8
    i64.load $wasm_vfs::memory align=1
    i64.const 1
    i64.ne
    i32.or
    i32.const 8
    i64.const 0
    i64.store align=1
    i32.const 8
    i32.const 0
    i32.const 1
    memory.init 3
    i32.const 8
    i64.load align=1
    i64.const 112
    i64.ne
    i32.or
    i32.const 0
    local.get 1
    i64.store align=1
    i32.const 8
    local.get 2
    i64.store align=1
    i32.const 0
    local.get 3
    i64.store $wasm_vfs::memory align=1
    i32.const 8
    local.get 4
    i64.store $wasm_vfs::memory align=1
    if ;; label = @1
      i32.const 0
      i64.const 274877906960
      i64.store align=1
      i32.const 16
      i64.const 8315463699468083575
      i64.store align=1
      i32.const 24
      i64.const 7286951093646663738
      i64.store align=1
      i32.const 32
      i64.const 7596763766460082030
      i64.store align=1
      i32.const 40
      i64.const 7863408597746804088
      i64.store align=1
      i32.const 48
      i64.const 4211821580087422309
      i64.store align=1
      i32.const 56
      i64.const 7599578541811920928
      i64.store align=1
      i32.const 64
      i64.const 3255293790217267316
      i64.store align=1
      i32.const 72
      i64.const 749132874806948713
      i64.store align=1
      i32.const 2
      i32.const 0
      i32.const 1
      i32.const 8
      call $fd_write
      drop
      unreachable
    end
  )
  (func $wasm_vfs::tested__start (;3;) (type 4)
    call $wasm_vfs::self_test
    call 5
  )
  (func $wasm_vfs::fd_read (;4;) (type 2) (param i32 i32 i32 i32) (result i32)
    local.get 1
    i32.const 0
    local.get 2
    memory.init $wasm_vfs::contents
    local.get 3
    local.get 2
    i32.store align=1
    i32.const 1
    call $wasm_vfs::count
  )
  (func (;5;) (type 4)
    i32.const 3
    i32.const 16
    i32.const 9
    i32.const 0
    call $wasm_vfs::fd_read
    drop
    i32.const 3
    i32.const 16
    i32.const 9
    i32.const 0
    call $wasm_vfs::fd_write
    drop
    i32.const 3
    i32.const 16
    call $wasm_vfs::fd_tell
    drop
    i32.const 3
    call $wasm_vfs::fd_close
    drop
    i32.const 0
    i64.const 1
    i32.const 8
    call $clock_time_get
    drop
  )
  (func $wasm_vfs::fd_write (;6;) (type 2) (param i32 i32 i32 i32) (result i32)
    i32.const 1
    call $wasm_vfs::count
    drop
    local.get 0
    local.get 1
    local.get 2
    local.get 3
    call $fd_write
  )
  (func $wasm_vfs::fd_tell (;7;) (type 3) (param i32 i32) (result i32)
    local.get 1
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    i32.store align=1
    i32.const 0
  )
  (func $wasm_vfs::fd_close (;8;) (type 0) (param i32) (result i32)
    (local i32)
    global.get 0
    i32.const 16
    i32.sub
    local.tee 1
    global.set 0
    local.get 1
    local.get 0
    i32.store $wasm_vfs::memory offset=8
    i32.const 2064
    i64.const 0
    i64.store $wasm_vfs::memory
    local.get 1
    i32.const 0
    i32.const 16
    memory.fill $wasm_vfs::memory
    local.get 1
    i32.const 16
    i32.add
    global.set 0
    local.get 0
    i32.const 100
    i32.gt_u
    if (result i32) ;; label = @1
      i32.const 8
    else
      call $wasm_vfs::unreached_by_readers
    end
  )
  (func $wasm_vfs::unreached_by_readers (;9;) (type 5) (result i32)
    i32.const 0
    memory.grow $wasm_vfs::memory
    drop
    i32.const 3000
    i32.const 1024
    i32.const 5
    memory.copy $wasm_vfs::memory $wasm_vfs::memory
    memory.size $wasm_vfs::memory
    drop
    i32.const 0
  )
  (func $wasm_vfs::count (;10;) (type 0) (param i32) (result i32)
    i32.const 2048
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    local.get 0
    i32.add
    i32.store $wasm_vfs::memory offset=16
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\04\00\01\05\01\00\01\00\05\02\00\01\01\04\05\00\00\01\01\05\00\04\00\09\08\04\15\04\00\1b\06\00\1a\07\00manifest")
  (data (;0;) (memory $wasm_vfs::memory) (i32.const 0) "mark")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data (;3;) "p")
  (data $wasm_vfs::contents (;4;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\9a\0f\b45\aeb\97\b6\14i\d4$_\c9\b7\0f}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
