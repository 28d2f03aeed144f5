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
  (export "_start" (func 3))
  (func $wasm_vfs::fd_tell@unstable (;1;) (type 0) (param i32 i32) (result i32)
    local.get 0
    local.get 1
    call $wasm_vfs::fd_tell
    i32.const 1
    i32.sub
  )
  (func $wasm_vfs::fd_close (;2;) (type 1) (param i32) (result i32)
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
  (func $wasm_vfs::fd_tell (;4;) (type 0) (param i32 i32) (result i32)
    local.get 1
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    i32.store align=1
    i32.const 0
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
  (@custom "wasm-vfs" (after code) "\03\02\050.1.0\00\09\02\00\01\04\01\00\01\00\03\02\00\01\00\03\86\01\00\00\00\00\02\00\01\1a\00\01\01\01\09\01\02manifest")
  (data (;0;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data $wasm_vfs::image (;2;) "the image")
)
