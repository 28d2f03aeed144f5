(module
  (type $load (;0;) (func (param i32) (result i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32 i32 i32) (result i32)))
  (type (;3;) (func (param i32 i32)))
  (type (;4;) (func (param i32 i32) (result i32)))
  (type (;5;) (func (param i32 i32 i64) (result i32)))
  (type (;6;) (func (param i32 i64) (result i64)))
  (type (;7;) (func (result i32)))
  (memory (;0;) 1 2)
  (memory $wasm_vfs::memory (;1;) 2)
  (global $ready (;0;) i32 i32.const 1024)
  (global (;1;) (mut i32) i32.const 65536)
  (export "memory" (memory 0))
  (export "_start" (func $_start))
  (start $wasm_vfs::tested_start)
  (func $wasm_vfs::self_test (;0;) (type 1)
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
    block ;; label = @1
      memory.size
      memory.size $wasm_vfs::memory
      i32.eq
      if ;; label = @2
        i32.const 1
        memory.grow $wasm_vfs::memory
        i32.const -1
        i32.eq
        br_if 1 (;@1;)
      end
      local.get 0
      memory.size
      memory.size $wasm_vfs::memory
      i32.eq
      i32.or
      i32.const 0
      memory.grow $wasm_vfs::memory
      memory.size $wasm_vfs::memory
      i32.ne
      i32.or
      local.set 0
    end
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
    i64.const 0
    i64.store align=1
    i32.const 0
    i64.const 0
    i64.store $wasm_vfs::memory align=1
    i32.const 0
    i32.const 1
    i32.store $wasm_vfs::memory align=1
    i32.const 0
    i64.load $wasm_vfs::memory align=1
    i64.const 1
    i64.ne
    i32.or
    i32.const 0
    i64.const 2
    i64.store $wasm_vfs::memory align=1
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
    i64.store $wasm_vfs::memory align=1
    i32.const 8
    i32.const 0
    i32.const 8
    memory.copy $wasm_vfs::memory $wasm_vfs::memory
    i32.const 8
    i64.load $wasm_vfs::memory align=1
    i64.const 2
    i64.ne
    i32.or
    i32.const 8
    i64.const 0
    i64.store $wasm_vfs::memory align=1
    i32.const 8
    i32.const 1
    i32.const 1
    memory.fill $wasm_vfs::memory
    i32.const 8
    i64.load $wasm_vfs::memory align=1
    i64.const 1
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
  (func $wasm_vfs::tested_start (;9;) (type 1)
    call $wasm_vfs::self_test
    call $init
  )
  (func $wasm_vfs::fd_close (;10;) (type $load) (param i32) (result i32)
    (local i32)
    global.get 1
    i32.const 16
    i32.sub
    local.tee 1
    global.set 1
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
    global.set 1
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
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\04\00\01\07\08\01\01\01\01\02\00\01\01\02\01\01\01\00\00\00\01\00\09\0a\00manifest")
  (data $passive (;0;) "passive")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 0) "mark")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;3;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data $wasm_vfs::contents (;4;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\ac\d7\1cF(\dc9)\cd\bd\a4\d2\adl:\08}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
