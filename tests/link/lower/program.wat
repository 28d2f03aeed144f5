;; A program that only reads: what serves other calls is dropped.
(module $reader
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $_start (export "_start")
    (drop (call $fd_read (i32.const 3) (i32.const 16) (i32.const 9) (i32.const 0)))
    (call $grow)
    (call $proc_exit (i32.const 0)))
  (func $grow
    (drop (memory.grow (memory.size)))))
