(module (memory 1) (data (i32.const 0) "x") (func (export "fd_close") (param i32) (result i32) (data.drop 0) (i32.const 0)))
