(module $named
  (@custom "first" (before first) "stays first")
  (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (;0;) (type 1)))
  (memory $mem (;0;) 4)
  (global $__stack_pointer (;0;) (mut i32) i32.const 1024)
  (global $wasm_vfs::base (;1;) (mut i32) i32.const 131072)
  (global $wasm_vfs::program_pages (;2;) (mut i32) i32.const 1)
  (global $wasm_vfs::program_size (;3;) (mut i32) i32.const 1)
  (global $wasm_vfs::kernel_end (;4;) (mut i32) i32.const 4)
  (export "memory" (memory $mem))
  (export "_start" (func $main))
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
  (func $wasm_vfs::kernel_grow (;3;) (type 3) (param i32) (result i32)
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
  (func $wasm_vfs::fd_read (;4;) (type 0) (param i32 i32 i32 i32) (result i32)
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
  (func $wasm_vfs::count (;5;) (type 3) (param i32) (result i32)
    global.get $wasm_vfs::base
    global.get $wasm_vfs::base
    i32.load offset=2064
    local.get 0
    i32.add
    i32.store offset=2064
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\01\050.1.0\00\09\03\00\01\03\01\01\01\01\02\02\00\01\00\02\00\01\03\01\00\01\02\01\01-\01\00\15\04\00manifest")
  (data $rodata (;0;) (i32.const 0) "x")
  (data (;1;) (i32.const 132096) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;2;) (i32.const 201072) "far")
  (data $wasm_vfs::contents (;3;) "the bytes")
  (@producers
    (language "C11" "")
    (processed-by "clang" "18")
    (processed-by "wasm-vfs" "0.1.0")
  )
  (@custom "target_features" (after data) "\03+\08sign-ext+\0bbulk-memory+\0fmutable-globals")
  (@custom "something" (after data) "stays")
  (@custom "wasm-vfs-digests" (after data) "w\e0\cb\190\ae\d9\f0\b4!e#f&F5}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
