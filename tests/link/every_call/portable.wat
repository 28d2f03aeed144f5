(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32 i64 i32) (result i32)))
  (type (;2;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func))
  (type (;5;) (func (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (;0;) (type 1)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (;1;) (type 2)))
  (memory (;0;) 4)
  (global $wasm_vfs::base (;0;) (mut i32) i32.const 131072)
  (global $wasm_vfs::program_pages (;1;) (mut i32) i32.const 1)
  (global (;2;) (mut i32) i32.const 65536)
  (export "memory" (memory 0))
  (export "_start" (func 5))
  (func $wasm_vfs::program_grow (;2;) (type 0) (param i32) (result i32)
    (local i32 i32 i32 i32 i32)
    global.get $wasm_vfs::program_pages
    local.set 1
    local.get 0
    i32.const 4
    local.get 1
    i32.sub
    i32.gt_u
    if ;; label = @1
      i32.const -1
      return
    end
    local.get 1
    local.get 0
    i32.add
    local.set 2
    global.get $wasm_vfs::base
    i32.const 16
    i32.shr_u
    local.set 3
    local.get 2
    local.get 3
    i32.gt_u
    if ;; label = @1
      memory.size
      local.get 3
      i32.sub
      local.set 4
      local.get 4
      i32.const 1
      i32.shr_u
      local.get 2
      i32.const 3
      i32.shr_u
      i32.add
      local.get 2
      i32.add
      local.set 5
      local.get 5
      i32.const 4
      local.get 5
      i32.const 4
      i32.lt_u
      select
      local.set 5
      local.get 5
      local.get 3
      i32.sub
      memory.grow
      i32.const -1
      i32.eq
      if ;; label = @2
        local.get 2
        local.set 5
        local.get 5
        local.get 3
        i32.sub
        memory.grow
        i32.const -1
        i32.eq
        if ;; label = @3
          i32.const -1
          return
        end
      end
      local.get 5
      i32.const 16
      i32.shl
      global.get $wasm_vfs::base
      local.get 4
      i32.const 16
      i32.shl
      memory.copy
      global.get $wasm_vfs::base
      i32.const 0
      local.get 5
      local.get 3
      i32.sub
      local.tee 3
      local.get 4
      local.get 3
      local.get 4
      i32.lt_u
      select
      i32.const 16
      i32.shl
      memory.fill
      local.get 5
      i32.const 16
      i32.shl
      global.set $wasm_vfs::base
    end
    local.get 2
    global.set $wasm_vfs::program_pages
    local.get 1
  )
  (func $wasm_vfs::kernel_grow (;3;) (type 0) (param i32) (result i32)
    (local i32)
    local.get 0
    memory.grow
    i32.const -1
    i32.eq
    if ;; label = @1
      i32.const -1
      return
    end
    memory.size
    local.get 0
    i32.sub
    local.set 1
    local.get 1
    global.get $wasm_vfs::base
    i32.const 16
    i32.shr_u
    i32.sub
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
    global.get $wasm_vfs::base
    i32.load offset=2064
    i32.store align=1
    i32.const 0
  )
  (func $wasm_vfs::fd_close (;8;) (type 0) (param i32) (result i32)
    (local i32 i32)
    global.get 2
    i32.const 16
    i32.sub
    local.tee 1
    global.set 2
    local.get 1
    global.get $wasm_vfs::base
    local.tee 2
    i32.add
    local.get 0
    i32.store offset=8
    local.get 2
    i64.const 0
    i64.store offset=2064
    local.get 1
    local.get 2
    i32.add
    i32.const 0
    i32.const 16
    memory.fill
    local.get 1
    i32.const 16
    i32.add
    global.set 2
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
    call $wasm_vfs::kernel_grow
    drop
    i32.const 3000
    global.get $wasm_vfs::base
    i32.add
    i32.const 1024
    global.get $wasm_vfs::base
    i32.add
    i32.const 5
    memory.copy
    memory.size
    global.get $wasm_vfs::base
    i32.const 16
    i32.shr_u
    i32.sub
    drop
    i32.const 0
  )
  (func $wasm_vfs::count (;10;) (type 0) (param i32) (result i32)
    global.get $wasm_vfs::base
    global.get $wasm_vfs::base
    i32.load offset=2064
    local.get 0
    i32.add
    i32.store offset=2064
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\01\050.1.0\00\09\02\00\01\05\01\00\01\00\05\02\00\01\01\04\05\00\01\01\02\00\00\04\00\09\08\04\15\04\00\1b\06\00\1a\07\00manifest")
  (data (;0;) (i32.const 132096) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;1;) (i32.const 201072) "far")
  (data $wasm_vfs::contents (;2;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\be+\b6\85P\cf\d7og\01\05g\fc#X\ca}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
