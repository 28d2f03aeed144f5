(module (import "user" "load_u32" (func (param i64) (result i32))) (memory 1))
