//! The lines of `--trace`, as strace(1) writes them.

use crate::{FORMS, pack, program, run};

#[test]
fn calls_are_told_as_strace_tells_them() {
    let traced = program(
        r#"(import "wali" "SYS_openat" (func $openat (param i32 i32 i32 i32) (result i64)))
           (import "wasm_vfs" "read" (func $read (param i32 i32 i32) (result i64)))
           (import "wasm_vfs" "write" (func $write (param i32 i32 i32) (result i64)))
           (import "wasm_vfs" "stat" (func $stat (param i32 i32) (result i64)))
           (import "wasm_vfs" "mkdir" (func $mkdir (param i32 i32) (result i64)))"#,
        r"/etc/motd\00/none\00",
        r"(local $fd i32)
            (drop (call $mkdir (i32.const 1024) (i32.const 0x1ed)))
            (drop (call $openat (i32.const -100) (i32.const 1034) (i32.const 0x80000) (i32.const 0)))
            (local.set $fd (i32.wrap_i64
                (call $openat (i32.const -100) (i32.const 1024) (i32.const 2) (i32.const 0))))
            (drop (call $read (local.get $fd) (i32.const 2048) (i32.const 100)))
            (drop (call $read (local.get $fd) (i32.const -1) (i32.const 100)))
            (drop (call $write (local.get $fd) (i32.const 2048) (i32.const 3)))
            (drop (call $stat (i32.const 1024) (i32.const 3000)))
            (drop (call $stat (i32.const 1024) (i32.const 0)))
            (i32.const 0)",
    );
    for form in FORMS {
        let outcome = run(&pack(&traced, form, "trace = 'always'").unwrap());
        let lines = String::from_utf8_lossy(&outcome.stderr).into_owned();
        assert_eq!(
            lines,
            r#"mkdir("/etc/motd", 0755) = -1 EEXIST
openat(AT_FDCWD, "/none", O_RDONLY|O_CLOEXEC, 0) = -1 ENOENT
openat(AT_FDCWD, "/etc/motd", O_RDWR, 0) = 3
read(3, "hello\n", 100) = 6
read(3, 0xffffffff, 100) = -1 EFAULT
write(3, "hel", 3) = 3
stat("/etc/motd", {st_mode=S_IFREG|0644, st_size=9}) = 0
stat("/etc/motd", NULL) = -1 EFAULT
proc_exit(0) = ?
"#,
            "{form}"
        );
    }
}
