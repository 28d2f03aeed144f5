;; Writes numbers, as many as it is told, and says how that ended: for the tests of what a host does with output.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (global $next (mut i32) (i32.const 0))
  ;; The next numbers, 32 bits each, from 1024 on.
  (func $fill (param $length i32)
    (local $at i32)
    (loop $more
      (i32.store (i32.add (i32.const 1024) (local.get $at)) (global.get $next))
      (global.set $next (i32.add (global.get $next) (i32.const 1)))
      (br_if $more
        (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $length)))))
  ;; Writes a round of $length bytes as a vector of two pieces, and the rest of it as long as it is taken in part; so $rounds
  ;; times. Returns the first error.
  (func (export "write") (param $fd i32) (param $length i32) (param $rounds i32) (result i32)
    (local $errno i32) (local $at i32) (local $half i32)
    (loop $round
      (call $fill (local.get $length))
      (local.set $at (i32.const 0))
      (loop $rest
        (local.set $half
          (i32.shr_u (i32.sub (local.get $length) (local.get $at)) (i32.const 1)))
        (i32.store (i32.const 0) (i32.add (i32.const 1024) (local.get $at)))
        (i32.store (i32.const 4) (local.get $half))
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 0)) (local.get $half)))
        (i32.store (i32.const 12)
          (i32.sub (i32.sub (local.get $length) (local.get $at)) (local.get $half)))
        (local.set $errno
          (call $fd_write (local.get $fd) (i32.const 0) (i32.const 2) (i32.const 16)))
        (if (local.get $errno) (then (return (local.get $errno))))
        (local.set $at (i32.add (local.get $at) (i32.load (i32.const 16))))
        (br_if $rest (i32.lt_u (local.get $at) (local.get $length))))
      (br_if $round
        (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.const 0)))
