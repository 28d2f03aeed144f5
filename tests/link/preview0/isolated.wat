(module
  (type (;0;) (func (param i32 i32) (result i32)))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (result i32)))
  (type (;3;) (func))
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (;0;) (type 2)))
  (memory (;0;) 1)
  (memory $wasm_vfs::memory (;1;) 2)
  (global (;0;) (mut i32) i32.const 65536)
  (export "memory" (memory 0))
  (export "_start" (func $wasm_vfs::tested__start))
  (func $wasm_vfs::self_test (;1;) (type 3)
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
      unreachable
    end
  )
  (func $wasm_vfs::tested__start (;2;) (type 3)
    call $wasm_vfs::self_test
    call 3
  )
  (func (;3;) (type 3)
    i32.const 3
    i32.const 16
    call $wasm_vfs::fd_tell@unstable
    drop
    i32.const 3
    call $wasm_vfs::fd_close
    drop
    call $sched_yield
    drop
  )
  (func $wasm_vfs::fd_tell@unstable (;4;) (type 0) (param i32 i32) (result i32)
    local.get 0
    local.get 1
    call $wasm_vfs::fd_tell
    i32.const 1
    i32.sub
  )
  (func $wasm_vfs::fd_close (;5;) (type 1) (param i32) (result i32)
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
  (func $wasm_vfs::fd_tell (;6;) (type 0) (param i32 i32) (result i32)
    local.get 1
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    i32.store align=1
    i32.const 0
  )
  (func $wasm_vfs::unreached_by_readers (;7;) (type 2) (result i32)
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
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\03\00\01\04\01\00\01\00\03\02\00\01\00\03\00\00\01\01\03\00\02\02\1a\04\02\09\05\00manifest")
  (data (;0;) (memory $wasm_vfs::memory) (i32.const 0) "mark")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data $wasm_vfs::contents (;3;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "0\8e\93{\db\caP\86\1a\f4\f8\7fL.\1e\c3}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
