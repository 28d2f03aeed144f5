(module (memory 1) (table 1 funcref) (func (export "fd_close") (param i32) (result i32) (call_indirect (result i32) (i32.const 0))))
