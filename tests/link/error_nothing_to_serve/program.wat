(module (import "env" "f" (func)) (memory (export "memory") 1))
