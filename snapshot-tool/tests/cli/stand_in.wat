;; The smallest core form that can be baked: it takes any manifest and serves nothing.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $host_fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $records (mut i32) (i32.const 0))
  (func (export "bake_buffer") (param $len i32) (result i32)
    ;; Room for every chunk: pages are asked for until they suffice.
    (block $enough
      (loop $more
        (br_if $enough
          (i32.ge_u (i32.mul (memory.size) (i32.const 65536))
                    (i32.add (local.get $len) (i32.const 65536))))
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const 0))))
        (br $more)))
    (i32.const 65536))
  (func (export "bake_records") (param $len i32) (result i32)
    (global.set $records (i32.add (global.get $records) (local.get $len)))
    (i32.store (i32.const 16) (global.get $records))
    (i32.const 0))
  (func (export "bake_failed_record") (result i32) (i32.const 0))
  (func (export "bake_open_all") (result i32) (i32.const 0))
  (func (export "bake_host_api") (result i32) (i32.const 0))
  (func (export "wizer-initialize")
    (memory.fill (i32.const 65536) (i32.const 0)
      (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 65536))))
  (func (export "fd_write") (param i32 i32 i32 i32) (result i32)
    (call $host_fd_write (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "fd_prestat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (i32.const 8)))
