;; All that the kernel serves, and one host function that it needs too.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
  (memory (export "memory") 1 4)
  (func (export "_start")
    (drop (call $fd_read (i32.const 3) (i32.const 16) (i32.const 9) (i32.const 0)))
    (drop (call $fd_write (i32.const 3) (i32.const 16) (i32.const 9) (i32.const 0)))
    (drop (call $fd_tell (i32.const 3) (i32.const 16)))
    (drop (call $fd_close (i32.const 3)))
    (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 8)))))
