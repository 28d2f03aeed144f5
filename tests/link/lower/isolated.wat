(module $reader
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (;0;) (type 0)))
  (memory (;0;) 1)
  (memory $wasm_vfs::memory (;1;) 2)
  (export "memory" (memory 0))
  (export "_start" (func $_start))
  (func $wasm_vfs::fd_read (;1;) (type 1) (param i32 i32 i32 i32) (result i32)
    local.get 1
    i32.const 0
    local.get 2
    memory.init $wasm_vfs::image
    local.get 3
    local.get 2
    i32.store align=1
    i32.const 1
    call $wasm_vfs::count
  )
  (func $_start (;2;) (type 2)
    i32.const 3
    i32.const 16
    i32.const 9
    i32.const 0
    call $wasm_vfs::fd_read
    drop
    call $grow
    i32.const 0
    call $proc_exit
  )
  (func $grow (;3;) (type 2)
    memory.size
    memory.grow
    drop
  )
  (func $wasm_vfs::count (;4;) (type 3) (param i32) (result i32)
    i32.const 2048
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    local.get 0
    i32.add
    i32.store $wasm_vfs::memory offset=16
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\03\02\050.1.0\00\09\02\00\01\03\02\00\01\00\02\02\00\01\00\02K\00\00\00\00\01\01\00\15\01\01manifest")
  (data (;0;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data $wasm_vfs::image (;2;) "the image")
)
