(module
  (type $tell (;0;) (func (param i32 i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func))
  (type (;4;) (func (result funcref)))
  (type (;5;) (func (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (;0;) (type 1)))
  (table $table (;0;) 4 funcref)
  (memory (;0;) 1)
  (memory $wasm_vfs::memory (;1;) 2)
  (global $reference (;0;) funcref ref.func $wasm_vfs::fd_tell)
  (global (;1;) (mut i32) i32.const 65536)
  (export "memory" (memory 0))
  (export "fd_tell" (func $wasm_vfs::fd_tell))
  (export "proc_exit" (func $proc_exit))
  (export "own" (func $own))
  (export "indirect" (func 5))
  (export "take" (func 6))
  (start $wasm_vfs::tested_start)
  (elem (;0;) (table $table) (i32.const 0) func $wasm_vfs::fd_tell $proc_exit $own)
  (elem (;1;) (table $table) (i32.const 3) funcref (ref.func $wasm_vfs::fd_close))
  (elem (;2;) declare func $wasm_vfs::fd_close)
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
      i32.const 1
      call $proc_exit
      unreachable
    end
  )
  (func $wasm_vfs::tested_start (;2;) (type 3)
    call $wasm_vfs::self_test
    call $begin
  )
  (func $begin (;3;) (type 3)
    i32.const 3
    call $wasm_vfs::fd_close
    drop
  )
  (func $own (;4;) (type $tell) (param i32 i32) (result i32)
    local.get 0
    local.get 1
    return_call $wasm_vfs::fd_tell
  )
  (func (;5;) (type 2) (param i32) (result i32)
    i32.const 3
    i32.const 16
    local.get 0
    call_indirect (type $tell)
  )
  (func (;6;) (type 4) (result funcref)
    ref.func $wasm_vfs::fd_close
  )
  (func $wasm_vfs::fd_tell (;7;) (type $tell) (param i32 i32) (result i32)
    local.get 1
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    i32.store align=1
    i32.const 0
  )
  (func $wasm_vfs::fd_close (;8;) (type 2) (param i32) (result i32)
    (local i32)
    global.get 1
    i32.const 16
    i32.sub
    local.tee 1
    global.set 1
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
    global.set 1
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
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\03\00\01\05\04\01\01\00\03\06\00\01\00\03\01\03\00\00\00\02\00\1a\07\04\09\08\00manifest")
  (data (;0;) (memory $wasm_vfs::memory) (i32.const 0) "mark")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data $wasm_vfs::contents (;3;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\0b\fc\f2p\c3\03[\eb\86B\22t2\a7.z}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
