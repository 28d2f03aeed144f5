(module $named
  (@custom "first" (before first) "stays first")
  (type (;0;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (;0;) (type 1)))
  (memory $mem (;0;) 1)
  (memory $wasm_vfs::memory (;1;) 2)
  (global $__stack_pointer (;0;) (mut i32) i32.const 1024)
  (export "memory" (memory $mem))
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
    memory.init 4
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
      call $exit
      unreachable
    end
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
  (func $wasm_vfs::tested__start (;3;) (type 2)
    call $wasm_vfs::self_test
    call $main
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
    i32.const 2048
    i32.const 2048
    i32.load $wasm_vfs::memory offset=16
    local.get 0
    i32.add
    i32.store $wasm_vfs::memory offset=16
    i32.const 0
  )
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\05\00\01\03\01\01\01\01\02\02\00\01\00\02\00\00\01\01\02\01\02\01\01-\01\00\15\04\00manifest")
  (data $rodata (;0;) (i32.const 0) "x")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 0) "mark")
  (data (;2;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;3;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data (;4;) "p")
  (data $wasm_vfs::contents (;5;) "the bytes")
  (@producers
    (language "C11" "")
    (processed-by "clang" "18")
    (processed-by "wasm-vfs" "0.1.0")
  )
  (@custom "target_features" (after data) "\04+\08sign-ext+\0bbulk-memory+\0bmultimemory+\0fmutable-globals")
  (@custom "something" (after data) "stays")
  (@custom "wasm-vfs-digests" (after data) "\d8[\c0\a4\8f\8fA\bb\1bB\91)6\fd\c8\da}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
