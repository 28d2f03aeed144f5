;; A core module that does a little of everything that the linker handles.
(module
  (import "user" "copy_from_user" (func $copy_from_user (param i32 i32 i32)))
  (import "user" "copy_to_user" (func $copy_to_user (param i32 i32 i32)))
  (import "user" "clear_user" (func $clear_user (param i32 i32)))
  (import "user" "load_u32" (func $load_u32 (param i32) (result i32)))
  (import "user" "store_u32" (func $store_u32 (param i32 i32)))
  (import "user" "size" (func $size (result i32)))
  (import "contents" "contents_to_user" (func $contents_to_user (param i32 i32 i32)))
  (import "contents" "contents_to_kernel" (func $contents_to_kernel (param i32 i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $host_fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (memory (export "memory") 2)
  (global $stack_pointer (mut i32) (i32.const 65536))
  (global $unused (mut i32) (i32.const 7))
  ;; What Wizer leaves where a segment was.
  (data "")
  (data (i32.const 1024) "state")
  (data (i32.const 1040) "near")
  (data (i32.const 70000) "far")

  ;; fd_read(fd, address, length, nread): from the image to the program.
  (func $fd_read (export "fd_read") (param $fd i32) (param $at i32) (param $n i32) (param $out i32) (result i32)
    (call $contents_to_user (local.get $at) (i32.const 0) (local.get $n))
    (call $store_u32 (local.get $out) (local.get $n))
    (call $count (i32.const 1)))

  ;; fd_write(...): the host's.
  (func $fd_write (export "fd_write") (param i32 i32 i32 i32) (result i32)
    (drop (call $count (i32.const 1)))
    (call $host_fd_write (local.get 0) (local.get 1) (local.get 2) (local.get 3)))

  ;; fd_tell(fd, address): how many calls were counted.
  (func $fd_tell (export "fd_tell") (param i32 i32) (result i32)
    (call $store_u32 (local.get 1) (i32.load offset=16 (i32.const 2048)))
    (i32.const 0))

  ;; fd_close(fd): clears what is counted, on a frame of the shadow stack.
  (func $fd_tell_unstable (export "fd_tell@unstable") (param i32 i32) (result i32)
    (i32.sub (call $fd_tell (local.get 0) (local.get 1)) (i32.const 1)))
  (func $fd_close (export "fd_close") (param i32) (result i32)
    (local $frame i32)
    (global.set $stack_pointer (local.tee $frame (i32.sub (global.get $stack_pointer) (i32.const 16))))
    (i32.store offset=8 (local.get $frame) (local.get 0))
    (i64.store (i32.const 2064) (i64.const 0))
    (memory.fill (local.get $frame) (i32.const 0) (i32.const 16))
    (global.set $stack_pointer (i32.add (local.get $frame) (i32.const 16)))
    (if (result i32) (i32.gt_u (local.get 0) (i32.const 100))
      (then (i32.const 8))
      (else (call $unreached_by_readers))))

  (func $unreached_by_readers (result i32)
    (drop (memory.grow (i32.const 0)))
    (memory.copy (i32.const 3000) (i32.const 1024) (i32.const 5))
    (drop (memory.size))
    (i32.const 0))

  (func $count (param i32) (result i32)
    (i32.store offset=16 (i32.const 2048)
      (i32.add (i32.load offset=16 (i32.const 2048)) (local.get 0)))
    (i32.const 0))

  ;; Baking only.
  (func (export "bake_buffer") (param i32) (result i32) (global.get $unused))
  (func (export "bake_records") (param i32) (result i32) (i32.const 0))
  (func (export "wizer-initialize"))
)
