;; What a toolchain with threads makes: nothing starts one.
(module
  (type $load (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "env" "memory" (memory 1 2 shared))
  (export "memory" (memory 0))
  (global $ready i32 (i32.const 1024))
  (data $passive "passive")
  (func $init
    (if (i32.eqz (i32.atomic.rmw.cmpxchg (global.get $ready) (i32.const 0) (i32.const 1)))
      (then
        (memory.init $passive (i32.const 16) (i32.const 0) (i32.const 7))
        (i32.atomic.store (global.get $ready) (i32.const 2))
        (drop (memory.atomic.notify (global.get $ready) (i32.const -1))))
      (else (drop (memory.atomic.wait32 (global.get $ready) (i32.const 1) (i64.const -1)))))
    (atomic.fence)
    (data.drop $passive))
  (start $init)
  (func $_start (export "_start")
    (drop (call $fd_close (i32.atomic.load8_u offset=16 (i32.const 0))))
    (drop (i32.atomic.load8_u offset=16 (i32.const 1)))
    (drop (i64.atomic.rmw32.add_u offset=4 (i32.const 16) (i64.const 1)))))
