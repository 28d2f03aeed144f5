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
  (memory $own (;0;) 1)
  (memory $wasm_vfs::memory (;1;) 2)
  (tag $failure (;0;) (type 4) (param i32))
  (global $computed (;1;) i32 i32.const 40 i32.const 2 i32.add)
  (global $offset (;2;) (mut i32) i32.const 8)
  (export "memory" (memory $own))
  (export "offset" (global $offset))
  (export "failure" (tag 0))
  (export "initialised" (table $initialised))
  (export "vector" (func 3))
  (export "pair" (func 4))
  (export "guarded" (func 5))
  (export "init" (func 6))
  (export "narrow" (func 7))
  (start $wasm_vfs::self_test)
  (elem $passive (;0;) func $visit_one)
  (func $wasm_vfs::self_test (;1;) (type 8)
    (local i32 i64 i64 i64 i64)
    i32.const 0
    memory.size
    i32.const 1
    i32.lt_u
    i32.or
    memory.size $wasm_vfs::memory
    i32.const 2
    i32.lt_u
    i32.or
    local.set 0
    local.get 0
    i32.const 0
    i64.load align=1
    local.set 1
    i32.const 8
    i64.load align=1
    local.set 2
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    local.set 3
    i32.const 8
    i64.load $wasm_vfs::memory align=1
    local.set 4
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    i64.const 1802658157
    i64.ne
    i32.or
    i32.const 0
    i64.const -9114578090645354616
    i64.store align=1
    i32.const 0
    i64.const -7957135325236127848
    i64.store $wasm_vfs::memory align=1
    i32.const 0
    i32.load $wasm_vfs::memory align=1
    i32.const -1785292904
    i32.ne
    i32.or
    i32.const 0
    i64.const 0
    i64.store align=1
    i32.const 0
    i64.const 0
    i64.store $wasm_vfs::memory align=1
    i32.const 0
    i32.const 1
    i32.store align=1
    i32.const 0
    i64.load align=1
    i64.const 1
    i64.ne
    i32.or
    i32.const 0
    i32.const 2
    i32.store $wasm_vfs::memory align=1
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    i64.const 2
    i64.ne
    i32.or
    i32.const 0
    i64.const 1
    i64.store align=1
    i32.const 0
    i64.const 2
    i64.store $wasm_vfs::memory align=1
    i32.const 8
    i64.const 0
    i64.store align=1
    i32.const 8
    i32.const 0
    i32.const 1
    memory.init 5
    i32.const 8
    i64.load align=1
    i64.const 112
    i64.ne
    i32.or
    i32.const 0
    local.get 1
    i64.store align=1
    i32.const 8
    local.get 2
    i64.store align=1
    i32.const 0
    local.get 3
    i64.store $wasm_vfs::memory align=1
    i32.const 8
    local.get 4
    i64.store $wasm_vfs::memory align=1
    if ;; label = @1
      unreachable
    end
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
  (func $wasm_vfs::fd_read (;8;) (type 3) (param i32 i32 i32 i32) (result i32)
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
  (func $wasm_vfs::count (;9;) (type 7) (param i32) (result i32)
    i32.const 2048
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    local.get 0
    i32.add
    i32.store $wasm_vfs::memory offset=16
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\06\00\01\0a\06\03\01\02\04\09\00\01\00\02\00\00\00\00\01\04\15\08\00manifest")
  (data $active (;0;) (i32.const 8) "active")
  (data $passive (;1;) "passive")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 0) "mark")
  (data (;3;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;4;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data (;5;) "p")
  (data $wasm_vfs::contents (;6;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "^NG\16c\01\9c\fb\19\ab\91<\8b\a5\9a\ce}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
