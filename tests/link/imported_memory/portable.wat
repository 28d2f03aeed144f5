(module
  (type (;0;) (func))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (result i32)))
  (import "env" "f" (func (;0;) (type 0)))
  (memory $mine (;0;) 4)
  (memory $second (;1;) 2)
  (global $wasm_vfs::base (;0;) (mut i32) i32.const 131072)
  (global $wasm_vfs::program_pages (;1;) (mut i32) i32.const 1)
  (global $wasm_vfs::program_size (;2;) (mut i32) i32.const 1)
  (global $wasm_vfs::kernel_end (;3;) (mut i32) i32.const 4)
  (global (;4;) (mut i32) i32.const 65536)
  (export "_start" (func $start))
  (export "memory" (memory $mine))
  (func $wasm_vfs::program_grow (;1;) (type 1) (param i32) (result i32)
    (local i32 i32 i32 i32 i32)
    global.get $wasm_vfs::program_size
    local.set 1
    local.get 0
    i32.const 3
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
        local.get 4
        local.get 0
        i32.add
        local.tee 2
        i32.const 3
        i32.gt_u
        if ;; label = @3
          i32.const -1
          return
        end
        local.get 0
        memory.grow
        i32.const -1
        i32.eq
        if ;; label = @3
          i32.const -1
          return
        end
        i32.const 0
        global.set $wasm_vfs::kernel_end
        local.get 2
        global.set $wasm_vfs::program_size
        local.get 4
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
      i32.const 3
      local.get 5
      i32.const 3
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
  (func $start (;2;) (type 0)
    i32.const 0
    i32.load $second
    i32.load8_u
    call $wasm_vfs::fd_close
    drop
  )
  (func $wasm_vfs::kernel_grow (;3;) (type 1) (param i32) (result i32)
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
  (func $wasm_vfs::fd_close (;4;) (type 1) (param i32) (result i32)
    (local i32 i32)
    global.get 4
    i32.const 16
    i32.sub
    local.tee 1
    global.set 4
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
    global.set 4
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
  (@custom "wasm-vfs" (after code) "\04\01\050.1.0\00\09\03\00\01\02\01\00\02\01\02\02\00\01\01\03\02\00\01\02\01\00\00\01\04\09\04\00manifest")
  (data (;0;) (i32.const 8) "data")
  (data (;1;) (i32.const 132096) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;2;) (i32.const 201072) "far")
  (data $wasm_vfs::contents (;3;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\d6\f2'\99\1c\cb\aav\aeY%\d0n\eb\a9\ca}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
