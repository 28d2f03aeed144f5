;; The preview before preview1: what differs is rebound to the function that knows it, the rest to preview1's, and what is left
;; is asked of a host that knows preview1.
(module
  (import "wasi_unstable" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_unstable" "sched_yield" (func $sched_yield (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $fd_tell (i32.const 3) (i32.const 16)))
    (drop (call $fd_close (i32.const 3)))
    (drop (call $sched_yield))))
