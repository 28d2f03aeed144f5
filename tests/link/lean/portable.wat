(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (;0;) (type 0)))
  (memory (;0;) 4)
  (global $wasm_vfs::base (;0;) (mut i32) i32.const 131072)
  (global $wasm_vfs::program_pages (;1;) (mut i32) i32.const 1)
  (export "memory" (memory 0))
  (export "_start" (func 1))
  (func (;1;) (type 1)
    i32.const 0
    i32.load
    call $proc_exit
  )
  (func $wasm_vfs::program_grow (;2;) (type 2) (param i32) (result i32)
    (local i32 i32 i32 i32 i32)
    global.get $wasm_vfs::program_pages
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
    end
    local.get 2
    global.set $wasm_vfs::program_pages
    local.get 1
  )
  (func $wasm_vfs::kernel_grow (;3;) (type 2) (param i32) (result i32)
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
  (@custom "wasm-vfs" (after code) "\04\01\050.1.0\00\09\02\00\01\02\01\00\01\00\01\02\00\01\00\01\00\01\01\02\00\00\00\00manifest")
  (data (;0;) (i32.const 132096) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;1;) (i32.const 201072) "far")
  (data $wasm_vfs::contents (;2;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\b8:\f7\10\f8\9e\19\a3G\5c\13\f0w\dcm\d2}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
