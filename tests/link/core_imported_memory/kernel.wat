(module (import "user" "memory" (memory 1)))
