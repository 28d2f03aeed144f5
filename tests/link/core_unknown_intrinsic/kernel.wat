(module (import "user" "load_u16" (func (param i32) (result i32))) (memory 1))
