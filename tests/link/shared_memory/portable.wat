(module
  (type $load (;0;) (func (param i32) (result i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32 i32 i32) (result i32)))
  (type (;3;) (func (param i32 i32)))
  (type (;4;) (func (param i32 i32) (result i32)))
  (type (;5;) (func (param i32 i32 i64) (result i32)))
  (type (;6;) (func (param i32 i64) (result i64)))
  (type (;7;) (func (result i32)))
  (memory (;0;) 4)
  (global $ready (;0;) i32 i32.const 1024)
  (global $wasm_vfs::base (;1;) (mut i32) i32.const 131072)
  (global $wasm_vfs::program_pages (;2;) (mut i32) i32.const 1)
  (global $wasm_vfs::program_size (;3;) (mut i32) i32.const 1)
  (global $wasm_vfs::kernel_end (;4;) (mut i32) i32.const 4)
  (global (;5;) (mut i32) i32.const 65536)
  (export "memory" (memory 0))
  (export "_start" (func $_start))
  (start $init)
  (func $wasm_vfs::program_grow (;0;) (type $load) (param i32) (result i32)
    (local i32 i32 i32 i32 i32)
    global.get $wasm_vfs::program_size
    local.set 1
    local.get 0
    i32.const 2
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
        i32.const 2
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
      i32.const 2
      local.get 5
      i32.const 2
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
  (func $init (;1;) (type 1)
    global.get $ready
    i32.const 0
    i32.const 1
    call $i32.atomic.rmw.cmpxchg
    i32.eqz
    if ;; label = @1
      i32.const 16
      i32.const 0
      i32.const 7
      memory.init $passive
      global.get $ready
      i32.const 2
      call $i32.atomic.store
      global.get $ready
      i32.const -1
      call $memory.atomic.notify
      drop
    else
      global.get $ready
      i32.const 1
      i64.const -1
      call $memory.atomic.wait32
      drop
    end
    data.drop $passive
  )
  (func $_start (;2;) (type 1)
    i32.const 0
    call $"i32.atomic.load8_u offset=16"
    call $wasm_vfs::fd_close
    drop
    i32.const 1
    call $"i32.atomic.load8_u offset=16"
    drop
    i32.const 16
    i64.const 1
    call $"i64.atomic.rmw32.add_u offset=4"
    drop
  )
  (func $i32.atomic.rmw.cmpxchg (;3;) (type 2) (param i32 i32 i32) (result i32)
    (local i32)
    local.get 0
    i32.const 3
    i32.and
    if ;; label = @1
      unreachable
    end
    local.get 0
    i32.load
    local.tee 3
    local.get 1
    i32.eq
    if ;; label = @1
      local.get 0
      local.get 2
      i32.store
    end
    local.get 3
  )
  (func $i32.atomic.store (;4;) (type 3) (param i32 i32)
    local.get 0
    i32.const 3
    i32.and
    if ;; label = @1
      unreachable
    end
    local.get 0
    local.get 1
    i32.store
  )
  (func $memory.atomic.notify (;5;) (type 4) (param i32 i32) (result i32)
    local.get 0
    i32.const 3
    i32.and
    if ;; label = @1
      unreachable
    end
    local.get 0
    i32.load
    drop
    i32.const 0
  )
  (func $memory.atomic.wait32 (;6;) (type 5) (param i32 i32 i64) (result i32)
    local.get 0
    i32.const 3
    i32.and
    if ;; label = @1
      unreachable
    end
    local.get 0
    i32.load
    local.get 1
    i32.ne
    if ;; label = @1
      i32.const 1
      return
    end
    local.get 2
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 2
  )
  (func $"i32.atomic.load8_u offset=16" (;7;) (type $load) (param i32) (result i32)
    local.get 0
    i32.load8_u offset=16
  )
  (func $"i64.atomic.rmw32.add_u offset=4" (;8;) (type 6) (param i32 i64) (result i64)
    (local i64)
    local.get 0
    i32.const 3
    i32.and
    if ;; label = @1
      unreachable
    end
    local.get 0
    i64.load32_u offset=4
    local.set 2
    local.get 0
    local.get 2
    local.get 1
    i64.add
    i64.store32 offset=4
    local.get 2
  )
  (func $wasm_vfs::kernel_grow (;9;) (type $load) (param i32) (result i32)
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
  (func $wasm_vfs::fd_close (;10;) (type $load) (param i32) (result i32)
    (local i32 i32)
    global.get 5
    i32.const 16
    i32.sub
    local.tee 1
    global.set 5
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
    global.set 5
    local.get 0
    i32.const 100
    i32.gt_u
    if (result i32) ;; label = @1
      i32.const 8
    else
      call $wasm_vfs::unreached_by_readers
    end
  )
  (func $wasm_vfs::unreached_by_readers (;11;) (type 7) (result i32)
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
  (@custom "wasm-vfs" (after code) "\04\01\050.1.0\00\09\03\00\01\07\08\01\01\01\01\02\00\01\01\02\01\01\01\01\03\00\00\00\01\00\09\0a\00manifest")
  (data $passive (;0;) "passive")
  (data (;1;) (i32.const 132096) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;2;) (i32.const 201072) "far")
  (data $wasm_vfs::contents (;3;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "]\09\db\e8!\e5:\00V6K\01\da)\a0\a7}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
