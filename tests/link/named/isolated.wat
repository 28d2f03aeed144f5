(module $named
  (@custom "first" (before first) "stays first")
  (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (;0;) (type 1)))
  (memory $mem (;0;) 1)
  (memory $wasm_vfs::memory (;1;) 2)
  (global $__stack_pointer (;0;) (mut i32) i32.const 1024)
  (export "memory" (memory $mem))
  (export "_start" (func $main))
  (func $wasm_vfs::fd_read (;1;) (type 0) (param i32 i32 i32 i32) (result i32)
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
  (func $main (;2;) (type 2)
    (local $n i32)
    block $done
      br $done
    end
    local.get $n
    i32.const 0
    i32.const 0
    i32.const 0
    call $wasm_vfs::fd_read
    drop
  )
  (func $wasm_vfs::count (;3;) (type 3) (param i32) (result i32)
    i32.const 2048
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    local.get 0
    i32.add
    i32.store $wasm_vfs::memory offset=16
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\03\02\050.1.0\00\09\03\00\01\03\01\01\01\01\02\02\00\01\00\02D\00\00\00\01\02\01\01-\01\00\00\15\00\01manifest")
  (data $rodata (;0;) (i32.const 0) "x")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data $wasm_vfs::image (;3;) "the image")
  (@producers
    (language "C11" "")
    (processed-by "clang" "18")
    (processed-by "wasm-vfs" "0.1.0")
  )
  (@custom "target_features" (after data) "\04+\08sign-ext+\0bbulk-memory+\0bmultimemory+\0fmutable-globals")
  (@custom "something" (after data) "stays")
)
