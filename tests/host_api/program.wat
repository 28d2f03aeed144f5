;; What the tests of the host interface have a program do, an export each.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size"
    (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 100) "input/in")
  (data (i32.const 120) "output")
  (data (i32.const 140) "output/out")
  (data (i32.const 160) "d")
  ;; Opens a path for reading and writing; 16 is where the descriptor goes.
  (func $open (param $dir i32) (param $path i32) (param $len i32) (param $oflags i32) (result i32)
    (call $path_open (local.get $dir) (i32.const 1) (local.get $path) (local.get $len)
      (local.get $oflags) (i64.const 66) (i64.const 66) (i32.const 0) (i32.const 16)))
  ;; Copies /input/in to /output/out.
  (func (export "copy")
    (local $from i32) (local $to i32)
    (if (call $open (i32.const 3) (i32.const 100) (i32.const 8) (i32.const 0)) (then unreachable))
    (local.set $from (i32.load (i32.const 16)))
    (drop (call $path_create_directory (i32.const 3) (i32.const 120) (i32.const 6)))
    (if (call $open (i32.const 3) (i32.const 140) (i32.const 10) (i32.const 9)) (then unreachable))
    (local.set $to (i32.load (i32.const 16)))
    (i32.store (i32.const 0) (i32.const 4096))
    (block $end
      (loop $more
        (i32.store (i32.const 4) (i32.const 65536))
        (br_if $end (call $fd_read (local.get $from) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br_if $end (i32.eqz (i32.load (i32.const 8))))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $fd_write (local.get $to) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br $more)))
    (drop (call $fd_close (local.get $from)))
    (drop (call $fd_close (local.get $to))))
  ;; Opens the root until no descriptor is left; how many that were.
  (func (export "use_up") (result i32)
    (local $count i32)
    (block $full
      (loop $more
        (br_if $full (call $path_open (i32.const 3) (i32.const 0) (i32.const 120) (i32.const 6)
          (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 16)))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br $more)))
    (local.get $count))
  ;; Makes directories within directories, by descriptor.
  (func (export "nest") (param $depth i32)
    (local $at i32) (local $next i32)
    (local.set $at (i32.const 3))
    (loop $more
      (if (call $path_create_directory (local.get $at) (i32.const 160) (i32.const 1))
        (then unreachable))
      (if (call $path_open (local.get $at) (i32.const 0) (i32.const 160) (i32.const 1)
          (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 16))
        (then unreachable))
      (local.set $next (i32.load (i32.const 16)))
      (if (i32.ne (local.get $at) (i32.const 3)) (then (drop (call $fd_close (local.get $at)))))
      (local.set $at (local.get $next))
      (br_if $more
        (local.tee $depth (i32.sub (local.get $depth) (i32.const 1)))))
    (drop (call $fd_close (local.get $at))))
  ;; The next name: "f" and a number of seven digits.
  (global $number (mut i32) (i32.const 0))
  (func $next_name (local $left i32) (local $at i32)
    (global.set $number (i32.add (global.get $number) (i32.const 1)))
    (local.set $left (global.get $number))
    (local.set $at (i32.const 187))
    (loop $digits
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.rem_u (local.get $left) (i32.const 10))))
      (local.set $left (i32.div_u (local.get $left) (i32.const 10)))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $digits (i32.gt_u (local.get $at) (i32.const 180)))))
  ;; Uses up the memory of the tree: by files of 64 KiB, then by open files, then by directories in
  ;; the root, until it cannot grow, and then by directories within directories.
  (func (export "fill")
    (local $at i32) (local $next i32) (local $opened i32)
    (i32.store8 (i32.const 180) (i32.const 102))
    (i32.store (i32.const 0) (i32.const 0))
    (i32.store (i32.const 4) (i32.const 65536))
    (block $full
      (loop $more
        (call $next_name)
        (br_if $full (call $open (i32.const 3) (i32.const 180) (i32.const 8) (i32.const 1)))
        (br_if $full (call $fd_write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1)
          (i32.const 8)))
        (drop (call $fd_close (i32.load (i32.const 16))))
        (br $more)))
    (block $full
      (loop $more
        (br_if $full (call $open (i32.const 3) (i32.const 180) (i32.const 8) (i32.const 0)))
        (local.set $opened (i32.add (local.get $opened) (i32.const 1)))
        (br $more)))
    (block $full
      (loop $more
        (call $next_name)
        (br_if $more (i32.eqz (call $path_create_directory (i32.const 3) (i32.const 180)
          (i32.const 8))))))
    (if (i32.lt_u (local.get $opened) (i32.const 2)) (then (return)))
    (drop (call $fd_close (i32.load (i32.const 16))))
    (drop (call $fd_close (i32.sub (i32.load (i32.const 16)) (i32.const 1))))
    ;; The last that was made.
    (global.set $number (i32.sub (global.get $number) (i32.const 2)))
    (call $next_name)
    (local.set $at (i32.const 3))
    (block $full
      (loop $more
        (br_if $full (call $path_open (local.get $at) (i32.const 0) (i32.const 180) (i32.const 8)
          (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 16)))
        (local.set $next (i32.load (i32.const 16)))
        (if (i32.ne (local.get $at) (i32.const 3)) (then (drop (call $fd_close (local.get $at)))))
        (local.set $at (local.get $next))
        (br_if $more (i32.eqz (call $path_create_directory (local.get $at) (i32.const 180)
          (i32.const 8)))))))
  ;; Sets the size of /input/in.
  (func (export "stretch") (param $size i64)
    (if (call $path_open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 8) (i32.const 0)
        (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 16))
      (then unreachable))
    (if (call $fd_filestat_set_size (i32.load (i32.const 16)) (local.get $size))
      (then unreachable))
    (drop (call $fd_close (i32.load (i32.const 16)))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "exit") (param i32) (call $proc_exit (local.get 0)))
  (func (export "trap") unreachable)
  (func (export "_start")))
