(module
  (type (;0;) (func))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (result i32)))
  (import "env" "f" (func (;0;) (type 0)))
  (memory $mine (;0;) 1 3)
  (memory $second (;1;) 2)
  (memory $wasm_vfs::memory (;2;) 2)
  (global (;0;) (mut i32) i32.const 65536)
  (export "_start" (func $wasm_vfs::tested__start))
  (export "memory" (memory $mine))
  (func $wasm_vfs::self_test (;1;) (type 0)
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
    i64.const 0
    i64.store align=1
    i32.const 0
    i64.const 0
    i64.store $wasm_vfs::memory align=1
    i32.const 0
    i32.const 1
    i32.store $wasm_vfs::memory align=1
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    i64.const 1
    i64.ne
    i32.or
    i32.const 0
    i64.const 2
    i64.store $wasm_vfs::memory align=1
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    i64.const 2
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
  (func $start (;2;) (type 0)
    i32.const 0
    i32.load $second
    i32.load8_u
    call $wasm_vfs::fd_close
    drop
  )
  (func $wasm_vfs::tested__start (;3;) (type 0)
    call $wasm_vfs::self_test
    call $start
  )
  (func $wasm_vfs::fd_close (;4;) (type 1) (param i32) (result i32)
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
  (func $wasm_vfs::unreached_by_readers (;5;) (type 2) (result i32)
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
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\04\00\01\02\01\00\02\01\02\02\00\01\01\03\02\00\00\01\00\02\00\01\04\09\04\00manifest")
  (data (;0;) (i32.const 8) "data")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 0) "mark")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;3;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data $wasm_vfs::contents (;4;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\1c\aa\b6\10\00s\1dA\d9#\b8\c4\ba\8a\91(}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
