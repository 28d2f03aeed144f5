;; The exception handling of older compilers.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 1)
  (tag $failure (param i32))
  (func (export "guarded") (param i32) (result i32)
    try (result i32)
      local.get 0
      call $fd_close
      throw $failure
    catch $failure
      call $fd_close
    catch_all
      i32.const 0
    end))
