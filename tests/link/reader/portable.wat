(module $reader
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (;0;) (type 0)))
  (memory (;0;) 4)
  (global $wasm_vfs::base (;0;) (mut i32) i32.const 131072)
  (global $wasm_vfs::program_pages (;1;) (mut i32) i32.const 1)
  (global $wasm_vfs::program_size (;2;) (mut i32) i32.const 1)
  (global $wasm_vfs::kernel_end (;3;) (mut i32) i32.const 4)
  (export "memory" (memory 0))
  (export "_start" (func $_start))
  (func $wasm_vfs::program_grow (;1;) (type 3) (param i32) (result i32)
    (local i32 i32 i32 i32 i32)
    global.get $wasm_vfs::program_size
    local.set 1
    local.get 0
    i32.const 65536
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
      local.tee 4
      global.get $wasm_vfs::kernel_end
      i32.ne
      if ;; label = @2
        local.get 0
        i32.eqz
        if ;; label = @3
          local.get 1
          return
        end
        i32.const -1
        return
      end
      local.get 4
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
      i32.const 65536
      local.get 5
      i32.const 65536
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
      memory.size
      global.set $wasm_vfs::kernel_end
    end
    local.get 2
    global.set $wasm_vfs::program_pages
    local.get 2
    global.set $wasm_vfs::program_size
    local.get 1
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
    global.get $wasm_vfs::program_size
    call $wasm_vfs::program_grow
    drop
  )
  (func $wasm_vfs::kernel_grow (;4;) (type 3) (param i32) (result i32)
    (local i32)
    local.get 0
    memory.grow
    local.tee 1
    i32.const -1
    i32.eq
    if ;; label = @1
      i32.const -1
      return
    end
    memory.size
    i32.const 0
    local.get 1
    global.get $wasm_vfs::kernel_end
    i32.eq
    select
    global.set $wasm_vfs::kernel_end
    local.get 1
    global.get $wasm_vfs::base
    i32.const 16
    i32.shr_u
    i32.sub
  )
  (func $wasm_vfs::fd_read (;5;) (type 1) (param i32 i32 i32 i32) (result i32)
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
  (func $wasm_vfs::count (;6;) (type 3) (param i32) (result i32)
    global.get $wasm_vfs::base
    global.get $wasm_vfs::base
    i32.load offset=2064
    local.get 0
    i32.add
    i32.store offset=2064
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\01\050.1.0\00\09\02\00\01\03\02\00\01\00\02\02\00\01\00\02\00\01\02\01\00\00\01\04\15\05\00manifest")
  (data (;0;) (i32.const 132096) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;1;) (i32.const 201072) "far")
  (data $wasm_vfs::contents (;2;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\eb\a6\c8,\1b\05\01V\c2\acZ\5c\dc\ca}\dc}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
