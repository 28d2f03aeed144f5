(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;3;) (func (param i32 i32) (result i32)))
  (import "app" "memory" (memory (;0;) 0))
  (import "wasi_host" "fd_write" (func $host_fd_write (;0;) (type 2)))
  (memory (;1;) 2)
  (global (;0;) (mut i32) i32.const 65536)
  (global (;1;) i32 i32.const 0)
  (export "fd_read" (func $wasm_vfs::fd_read))
  (export "fd_write" (func $wasm_vfs::fd_write))
  (export "fd_tell" (func $wasm_vfs::fd_tell))
  (export "fd_close" (func $wasm_vfs::fd_close))
  (func $wasm_vfs::fd_read (;1;) (type 2) (param i32 i32 i32 i32) (result i32)
    local.get 1
    i32.const 0
    local.get 2
    memory.init 2
    local.get 3
    local.get 2
    i32.store align=1
    i32.const 1
    call $wasm_vfs::count
  )
  (func $wasm_vfs::fd_write (;2;) (type 2) (param i32 i32 i32 i32) (result i32)
    i32.const 1
    call $wasm_vfs::count
    drop
    local.get 0
    local.get 1
    local.get 2
    local.get 3
    call $host_fd_write
  )
  (func $wasm_vfs::fd_tell (;3;) (type 3) (param i32 i32) (result i32)
    local.get 1
    i32.const 2048
    i32.load 1 offset=16
    i32.store align=1
    i32.const 0
  )
  (func $wasm_vfs::fd_close (;4;) (type 0) (param i32) (result i32)
    (local i32)
    global.get 0
    i32.const 16
    i32.sub
    local.tee 1
    global.set 0
    local.get 1
    local.get 0
    i32.store 1 offset=8
    i32.const 2064
    i64.const 0
    i64.store 1
    local.get 1
    i32.const 0
    i32.const 16
    memory.fill 1
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
  (func $wasm_vfs::unreached_by_readers (;5;) (type 1) (result i32)
    i32.const 0
    memory.grow 1
    drop
    i32.const 3000
    i32.const 1024
    i32.const 5
    memory.copy 1 1
    memory.size 1
    drop
    i32.const 0
  )
  (func $wasm_vfs::count (;6;) (type 0) (param i32) (result i32)
    i32.const 2048
    i32.const 2048
    i32.load 1 offset=16
    local.get 0
    i32.add
    i32.store 1 offset=16
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\00\050.1.0\00\09\02\00\00manifest")
  (data (;0;) (memory 1) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;1;) (memory 1) (i32.const 70000) "far")
  (data (;2;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\9d\e5\0d\a8\dc\a2\1e\9c\86\bcW\9fT\d4\0c\af}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
