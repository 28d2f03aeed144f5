;; The linker defines the memory that it imports, and exports it.
(module
  (import "env" "f" (func))
  (import "env" "the memory" (memory $mine 1 3))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory $second 2)
  (data (memory $mine) (i32.const 8) "data")
  (func $start (export "_start")
    (drop (call $fd_close (i32.load8_u (i32.load $second (i32.const 0)))))))
