(module
  (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (memory $scratch (;0;) 1)
  (memory $main (;1;) 1)
  (memory $wasm_vfs::memory (;2;) 2)
  (export "memory" (memory $main))
  (export "_start" (func $wasm_vfs::tested__start))
  (func $wasm_vfs::self_test (;0;) (type 1)
    (local i32 i64 i64 i64 i64)
    i32.const 0
    memory.size $main
    i32.const 1
    i32.lt_u
    i32.or
    memory.size $wasm_vfs::memory
    i32.const 2
    i32.lt_u
    i32.or
    local.set 0
    local.get 0
    i32.const 0
    i64.load $main align=1
    local.set 1
    i32.const 8
    i64.load $main align=1
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
    i64.store $main align=1
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
    i64.store $main align=1
    i32.const 0
    i64.const 0
    i64.store $wasm_vfs::memory align=1
    i32.const 0
    i32.const 1
    i32.store $main align=1
    i32.const 0
    i64.load $main align=1
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
    i64.const 1
    i64.store $main align=1
    i32.const 0
    i64.const 2
    i64.store $wasm_vfs::memory align=1
    i32.const 8
    i64.const 0
    i64.store $main align=1
    i32.const 8
    i32.const 0
    i32.const 1
    memory.init $main 4
    i32.const 8
    i64.load $main align=1
    i64.const 112
    i64.ne
    i32.or
    i32.const 0
    local.get 1
    i64.store $main align=1
    i32.const 8
    local.get 2
    i64.store $main align=1
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
  (func (;1;) (type 1)
    memory.size
    memory.grow
    drop
    memory.size $main
    memory.grow $main
    drop
    i32.const 3
    i32.const 4
    i32.load
    i32.const 9
    i32.const 0
    call $wasm_vfs::fd_read
    drop
  )
  (func $wasm_vfs::tested__start (;2;) (type 1)
    call $wasm_vfs::self_test
    call 1
  )
  (func $wasm_vfs::fd_read (;3;) (type 0) (param i32 i32 i32 i32) (result i32)
    local.get 1
    i32.const 0
    local.get 2
    memory.init $main $wasm_vfs::contents
    local.get 3
    local.get 2
    i32.store $main align=1
    i32.const 1
    call $wasm_vfs::count
  )
  (func $wasm_vfs::count (;4;) (type 2) (param i32) (result i32)
    i32.const 2048
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    local.get 0
    i32.add
    i32.store $wasm_vfs::memory offset=16
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\05\00\01\02\01\00\02\01\01\02\01\01\00\01\00\00\01\01\01\00\01\00\15\03\00manifest")
  (data (;0;) (memory $main) (i32.const 0) "main")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 0) "mark")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;3;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data (;4;) "p")
  (data $wasm_vfs::contents (;5;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\c1\b5Y]\8c\9e\f9%\f4\e7Q\bc^8P=}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
