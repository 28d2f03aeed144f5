;; What the tests of events have a program do, an export each. Each returns what the call answered.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync" (func $fd_sync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_datasync" (func $fd_datasync (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "file")
  (data (i32.const 110) "directory")
  (data (i32.const 130) "packed.txt")
  ;; An I/O vector of "file".
  (data (i32.const 0) "\64\00\00\00\04\00\00\00")
  ;; Makes `file`, and keeps it open as 4; FLAGS are those of a descriptor.
  (func (export "make") (param $flags i32) (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 1)
      (i64.const 0xffffff) (i64.const 0) (local.get $flags) (i32.const 16)))
  (func (export "write") (result i32)
    (call $fd_write (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 24)))
  (func (export "mkdir") (result i32)
    (call $path_create_directory (i32.const 3) (i32.const 110) (i32.const 9)))
  (func (export "stat") (result i32)
    (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 130) (i32.const 10)
      (i32.const 256)))
  (func (export "sync") (result i32) (call $fd_sync (i32.const 4)))
  (func (export "datasync") (result i32) (call $fd_datasync (i32.const 4))))
