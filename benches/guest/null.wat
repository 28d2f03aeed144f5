;; An adapter that does no filesystem work: what a call costs when answering it costs nothing.
;;
;; A core module like the real one, so that it is baked, lowered and linked in the same way. Every call succeeds with constants. Reads
;; and writes move as many bytes as they should, for moving them is the caller's wish, but always the same ones.
(module
  (import "user" "copy_to_user" (func $copy_to_user (param i32 i32 i32)))
  (import "user" "copy_from_user" (func $copy_from_user (param i32 i32 i32)))
  (import "user" "load_u32" (func $load_u32 (param i32) (result i32)))
  (import "user" "store_u8" (func $store_u8 (param i32 i32)))
  (import "user" "store_u32" (func $store_u32 (param i32 i32)))
  (import "user" "store_u64" (func $store_u64 (param i32 i64)))

  ;; Page 0 is for baking; bytes are read from and written to the pages after it.
  (memory (export "memory") 3)
  (func (export "bake_buffer") (param i32) (result i32) (i32.const 16))
  (func (export "bake_records") (param i32) (result i32) (i32.const 0))
  (func (export "bake_failed_record") (result i32) (i32.const 0))
  (func (export "bake_open_all") (result i32) (i32.const 0))
  (func (export "bake_host_api") (result i32) (i32.const 0))
  (func (export "wizer-initialize"))

  ;; One preopen, 3, named "/"; 8 is EBADF.
  (func (export "fd_prestat_get") (param $fd i32) (param $out i32) (result i32)
    (if (i32.ne (local.get $fd) (i32.const 3)) (then (return (i32.const 8))))
    (call $store_u32 (local.get $out) (i32.const 0))
    (call $store_u32 (i32.add (local.get $out) (i32.const 4)) (i32.const 1))
    (i32.const 0))
  (func (export "fd_prestat_dir_name") (param $fd i32) (param $out i32) (param i32) (result i32)
    (call $store_u8 (local.get $out) (i32.const 0x2f))
    (i32.const 0))

  ;; A regular file, or the preopen; all rights.
  (func (export "fd_fdstat_get") (param $fd i32) (param $out i32) (result i32)
    (call $store_u64 (local.get $out)
      (select (i64.const 3) (i64.const 4) (i32.eq (local.get $fd) (i32.const 3))))
    (call $store_u64 (i32.add (local.get $out) (i32.const 8)) (i64.const 0x3fffffff))
    (call $store_u64 (i32.add (local.get $out) (i32.const 16)) (i64.const 0x3fffffff))
    (i32.const 0))
  (func (export "fd_fdstat_set_flags") (param i32 i32) (result i32) (i32.const 0))

  (func $filestat (param $out i32)
    (call $store_u64 (local.get $out) (i64.const 1))
    (call $store_u64 (i32.add (local.get $out) (i32.const 8)) (i64.const 2))
    (call $store_u64 (i32.add (local.get $out) (i32.const 16)) (i64.const 4))
    (call $store_u64 (i32.add (local.get $out) (i32.const 24)) (i64.const 1))
    (call $store_u64 (i32.add (local.get $out) (i32.const 32)) (i64.const 4096))
    (call $store_u64 (i32.add (local.get $out) (i32.const 40)) (i64.const 0))
    (call $store_u64 (i32.add (local.get $out) (i32.const 48)) (i64.const 0))
    (call $store_u64 (i32.add (local.get $out) (i32.const 56)) (i64.const 0)))
  (func (export "fd_filestat_get") (param i32) (param $out i32) (result i32)
    (call $filestat (local.get $out))
    (i32.const 0))
  (func (export "path_filestat_get")
    (param i32 i32 i32 i32) (param $out i32) (result i32)
    (call $filestat (local.get $out))
    (i32.const 0))
  (func (export "fd_filestat_set_size") (param i32) (param i64) (result i32) (i32.const 0))

  (func (export "path_open")
    (param i32 i32 i32 i32 i32) (param i64 i64) (param i32) (param $out i32) (result i32)
    (call $store_u32 (local.get $out) (i32.const 4))
    (i32.const 0))
  (func (export "fd_close") (param i32) (result i32) (i32.const 0))
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) (i32.const 0))

  (func (export "fd_seek") (param i32) (param $offset i64) (param i32) (param $out i32) (result i32)
    (call $store_u64 (local.get $out) (local.get $offset))
    (i32.const 0))
  (func $read (param $iovs i32) (param $count i32) (param $out i32) (result i32)
    (local $len i32) (local $sum i32)
    (block $done
      (loop $each
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $len (call $load_u32 (i32.add (local.get $iovs) (i32.const 4))))
        (call $copy_to_user
          (call $load_u32 (local.get $iovs)) (i32.const 65536) (local.get $len))
        (local.set $sum (i32.add (local.get $sum) (local.get $len)))
        (local.set $iovs (i32.add (local.get $iovs) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $each)))
    (call $store_u32 (local.get $out) (local.get $sum))
    (i32.const 0))
  (func (export "fd_read") (param i32) (param $iovs i32) (param $count i32) (param $out i32) (result i32)
    (call $read (local.get $iovs) (local.get $count) (local.get $out)))
  (func (export "fd_pread")
    (param i32) (param $iovs i32) (param $count i32) (param i64) (param $out i32) (result i32)
    (call $read (local.get $iovs) (local.get $count) (local.get $out)))
  (func (export "fd_write") (param i32) (param $iovs i32) (param $count i32) (param $out i32) (result i32)
    (local $len i32) (local $sum i32)
    (block $done
      (loop $each
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $len (call $load_u32 (i32.add (local.get $iovs) (i32.const 4))))
        (call $copy_from_user
          (i32.const 65536) (call $load_u32 (local.get $iovs)) (local.get $len))
        (local.set $sum (i32.add (local.get $sum) (local.get $len)))
        (local.set $iovs (i32.add (local.get $iovs) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $each)))
    (call $store_u32 (local.get $out) (local.get $sum))
    (i32.const 0))
  ;; No entries.
  (func (export "fd_readdir") (param i32 i32 i32) (param i64) (param $out i32) (result i32)
    (call $store_u32 (local.get $out) (i32.const 0))
    (i32.const 0))
)
