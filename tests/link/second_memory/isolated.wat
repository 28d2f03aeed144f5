(module
  (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (memory $scratch (;0;) 1)
  (memory $main (;1;) 1)
  (memory $wasm_vfs::memory (;2;) 2)
  (export "memory" (memory $main))
  (export "_start" (func 1))
  (func $wasm_vfs::fd_read (;0;) (type 0) (param i32 i32 i32 i32) (result i32)
    local.get 1
    i32.const 0
    local.get 2
    memory.init $main $wasm_vfs::image
    local.get 3
    local.get 2
    i32.store $main align=1
    i32.const 1
    call $wasm_vfs::count
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
  (func $wasm_vfs::count (;2;) (type 2) (param i32) (result i32)
    i32.const 2048
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    local.get 0
    i32.add
    i32.store $wasm_vfs::memory offset=16
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\03\02\050.1.0\00\09\03\00\01\02\01\00\02\01\01\02\01\01\00\01K\00\00\00\00\01\00\00\15\00\00manifest")
  (data (;0;) (memory $main) (i32.const 0) "main")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data $wasm_vfs::image (;3;) "the image")
)
