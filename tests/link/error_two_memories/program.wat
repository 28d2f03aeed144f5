(module (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32))) (import "env" "a" (memory 1)) (import "env" "b" (memory 1 2 shared)) (export "memory" (memory 0)))
