;; A program with more than 2 GiB of memory, whose host calls the functions of preview 1 through it.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get"
    (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get"
    (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_res_get"
    (func $clock_res_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get"
    (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 36000)
  (export "program args_sizes_get" (func $args_sizes_get))
  (export "program args_get" (func $args_get))
  (export "program environ_sizes_get" (func $environ_sizes_get))
  (export "program environ_get" (func $environ_get))
  (export "program clock_res_get" (func $clock_res_get))
  (export "program clock_time_get" (func $clock_time_get))
  (export "program random_get" (func $random_get))
  (export "program fd_fdstat_get" (func $fd_fdstat_get))
  (export "program fd_filestat_get" (func $fd_filestat_get))
  (export "program fd_read" (func $fd_read))
  (export "program fd_write" (func $fd_write))
  (export "program poll_oneoff" (func $poll_oneoff)))
