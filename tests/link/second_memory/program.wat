;; The exported memory need not be the first.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory $scratch 1)
  (memory $main (export "memory") 1)
  (data (memory $main) (i32.const 0) "main")
  (func (export "_start")
    (drop (memory.grow $scratch (memory.size $scratch)))
    (drop (memory.grow $main (memory.size $main)))
    (drop (call $fd_read (i32.const 3) (i32.load $scratch (i32.const 4)) (i32.const 9) (i32.const 0)))))
