(module $reader
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (;0;) (type 0)))
  (memory (;0;) 1)
  (memory $wasm_vfs::memory (;1;) 2)
  (export "memory" (memory 0))
  (export "_start" (func $wasm_vfs::tested__start))
  (func $wasm_vfs::self_test (;1;) (type 2)
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
    memory.init 3
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
      i32.const 1
      call $proc_exit
      unreachable
    end
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
    memory.size
    memory.grow
    drop
  )
  (func $wasm_vfs::tested__start (;4;) (type 2)
    call $wasm_vfs::self_test
    call $_start
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
    i32.const 2048
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    local.get 0
    i32.add
    i32.store $wasm_vfs::memory offset=16
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\04\00\01\03\02\00\01\00\02\02\00\01\00\02\00\00\01\01\02\00\01\04\15\05\00manifest")
  (data (;0;) (memory $wasm_vfs::memory) (i32.const 0) "mark")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data (;3;) "p")
  (data $wasm_vfs::contents (;4;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\dc\1e\bd\88\96a\ab%\83.\e1\e4\03\c4(H}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
