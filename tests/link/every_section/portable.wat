(module $everything
  (rec
    (type $node (;0;) (struct (field i32) (field (ref null $node))))
    (type $list (;1;) (array (mut i32)))
  )
  (type $visit (;2;) (func (param (ref null $node)) (result i32)))
  (type (;3;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;4;) (func (param i32)))
  (type (;5;) (func (result i32)))
  (type (;6;) (func (result i32 i64)))
  (type (;7;) (func (param i32) (result i32)))
  (type (;8;) (func))
  (type (;9;) (func (param f64) (result i32)))
  (import "env" "limit" (global $limit (;0;) i32))
  (import "env" "print" (func $print (;0;) (type 4)))
  (import "env" "table" (table $imported (;0;) 1 externref))
  (table $functions (;1;) 2 funcref)
  (table $initialised (;2;) 3 3 (ref $visit) ref.func $visit_one)
  (memory $own (;0;) 4)
  (tag $failure (;0;) (type 4) (param i32))
  (global $computed (;1;) i32 i32.const 40 i32.const 2 i32.add)
  (global $offset (;2;) (mut i32) i32.const 8)
  (global $wasm_vfs::base (;3;) (mut i32) i32.const 131072)
  (global $wasm_vfs::program_pages (;4;) (mut i32) i32.const 1)
  (global $wasm_vfs::program_size (;5;) (mut i32) i32.const 1)
  (global $wasm_vfs::kernel_end (;6;) (mut i32) i32.const 4)
  (export "memory" (memory $own))
  (export "offset" (global $offset))
  (export "failure" (tag 0))
  (export "initialised" (table $initialised))
  (export "vector" (func 3))
  (export "pair" (func 4))
  (export "guarded" (func 5))
  (export "init" (func 6))
  (export "narrow" (func 7))
  (elem $passive (;0;) func $visit_one)
  (func $wasm_vfs::program_grow (;1;) (type 7) (param i32) (result i32)
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
        local.get 4
        local.get 0
        i32.add
        local.tee 2
        i32.const 65536
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
  (func $visit_one (;2;) (type $visit) (param (ref null $node)) (result i32)
    local.get 0
    struct.get $node 0
  )
  (func (;3;) (type 5) (result i32)
    f32.const 0x1.8p+1 (;=3;)
    f32x4.splat
    i32x4.relaxed_trunc_f32x4_s
    i32x4.extract_lane 1
  )
  (func (;4;) (type 6) (result i32 i64)
    i32.const 1
    i64.const 2
  )
  (func (;5;) (type 7) (param i32) (result i32)
    block $caught (result i32)
      try_table (result i32) (catch $failure $caught) ;; label = @2
        local.get 0
        throw $failure
      end
    end
  )
  (func (;6;) (type 8)
    i32.const 32
    i32.const 0
    i32.const 7
    memory.init $passive
    data.drop $passive
    i32.const 0
    i32.const 0
    i32.const 1
    table.init $functions $passive
    elem.drop $passive
    i32.const 3
    i32.const 64
    i32.const 9
    global.get $limit
    call $wasm_vfs::fd_read
    call $print
  )
  (func (;7;) (type 9) (param f64) (result i32)
    local.get 0
    i32.trunc_sat_f64_s
    i32.extend8_s
  )
  (func $wasm_vfs::kernel_grow (;8;) (type 7) (param i32) (result i32)
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
  (func $wasm_vfs::fd_read (;9;) (type 3) (param i32 i32 i32 i32) (result i32)
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
  (func $wasm_vfs::count (;10;) (type 7) (param i32) (result i32)
    global.get $wasm_vfs::base
    global.get $wasm_vfs::base
    i32.load offset=2064
    local.get 0
    i32.add
    i32.store offset=2064
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\01\050.1.0\00\09\04\00\01\0a\06\03\01\02\04\09\00\01\00\02\00\01\05\01\00\00\01\04\15\09\00manifest")
  (data $active (;0;) (i32.const 8) "active")
  (data $passive (;1;) "passive")
  (data (;2;) (i32.const 132096) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;3;) (i32.const 201072) "far")
  (data $wasm_vfs::contents (;4;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "p\ad~@J\f7\c3\e08\d9\07*\e4\c8\d2:}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
