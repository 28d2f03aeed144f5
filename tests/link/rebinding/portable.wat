(module
  (type $tell (;0;) (func (param i32 i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func))
  (type (;4;) (func (result funcref)))
  (type (;5;) (func (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (;0;) (type 1)))
  (table $table (;0;) 4 funcref)
  (memory (;0;) 4)
  (global $reference (;0;) funcref ref.func $wasm_vfs::fd_tell)
  (global $wasm_vfs::base (;1;) (mut i32) i32.const 131072)
  (global $wasm_vfs::program_pages (;2;) (mut i32) i32.const 1)
  (global $wasm_vfs::program_size (;3;) (mut i32) i32.const 1)
  (global $wasm_vfs::kernel_end (;4;) (mut i32) i32.const 4)
  (global (;5;) (mut i32) i32.const 65536)
  (export "memory" (memory 0))
  (export "fd_tell" (func $wasm_vfs::fd_tell))
  (export "proc_exit" (func $proc_exit))
  (export "own" (func $own))
  (export "indirect" (func 5))
  (export "take" (func 6))
  (start $begin)
  (elem (;0;) (table $table) (i32.const 0) func $wasm_vfs::fd_tell $proc_exit $own)
  (elem (;1;) (table $table) (i32.const 3) funcref (ref.func $wasm_vfs::fd_close))
  (elem (;2;) declare func $wasm_vfs::fd_close)
  (func $wasm_vfs::program_grow (;1;) (type 2) (param i32) (result i32)
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
  (func $wasm_vfs::kernel_grow (;2;) (type 2) (param i32) (result i32)
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
  (func $begin (;3;) (type 3)
    i32.const 3
    call $wasm_vfs::fd_close
    drop
  )
  (func $own (;4;) (type $tell) (param i32 i32) (result i32)
    local.get 0
    local.get 1
    return_call $wasm_vfs::fd_tell
  )
  (func (;5;) (type 2) (param i32) (result i32)
    i32.const 3
    i32.const 16
    local.get 0
    call_indirect (type $tell)
  )
  (func (;6;) (type 4) (result funcref)
    ref.func $wasm_vfs::fd_close
  )
  (func $wasm_vfs::fd_tell (;7;) (type $tell) (param i32 i32) (result i32)
    local.get 1
    global.get $wasm_vfs::base
    i32.load offset=2064
    i32.store align=1
    i32.const 0
  )
  (func $wasm_vfs::fd_close (;8;) (type 2) (param i32) (result i32)
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
  (@custom "wasm-vfs" (after code) "\04\01\050.1.0\00\09\02\00\01\05\04\01\01\00\03\06\00\01\00\03\01\03\01\03\01\00\00\02\00\1a\07\04\09\08\00manifest")
  (data (;0;) (i32.const 132096) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;1;) (i32.const 201072) "far")
  (data $wasm_vfs::contents (;2;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\a5\b8\22\1d>R\97\9aH\e4<\a2\d5\8e\e0\e3}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
