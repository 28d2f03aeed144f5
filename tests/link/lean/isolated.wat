(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (;0;) (type 0)))
  (memory (;0;) 1)
  (memory $wasm_vfs::memory (;1;) 2)
  (export "memory" (memory 0))
  (export "_start" (func 1))
  (func (;1;) (type 1)
    i32.const 0
    i32.load
    call $proc_exit
  )
  (@custom "wasm-vfs" (after code) "\04\02\050.1.0\00\09\02\00\01\02\01\00\01\00\01\02\00\01\00\01\00\00\00\00\00\00manifest")
  (data (;0;) (memory $wasm_vfs::memory) (i32.const 1024) "state\00\00\00\00\00\00\00\00\00\00\00near")
  (data (;1;) (memory $wasm_vfs::memory) (i32.const 70000) "far")
  (data $wasm_vfs::contents (;2;) "the bytes")
  (@custom "wasm-vfs-digests" (after data) "\d26\a7/\0b\9e\a6/\0f\22\96\f7VF\b8\d6}\f0\03\d3\e1u\aa\e2\04<\17\b3\f4b\1c\d8")
)
