//! What a program was given when it was packed holds for Linux's calls, too: for each choice of the policy a call that
//! would otherwise answer something else.

use wasm_vfs::Form;
use wasm_vfs_tests::engine::Outcome;

use crate::{FORMS, pack, program, run};

/// Packs a program whose status is what `body` leaves, with a policy, and runs it in both forms. `calls` are the calls of
/// Linux that it imports: a name, and the types of its parameters.
fn outcomes(policy: &str, calls: &[(&str, &str)], body: &str) -> Vec<Outcome> {
    outcomes_of(&FORMS, policy, calls, body)
}

fn outcomes_of(forms: &[Form], policy: &str, calls: &[(&str, &str)], body: &str) -> Vec<Outcome> {
    use std::fmt::Write as _;
    let mut imports = String::new();
    for (name, params) in calls {
        let _ = writeln!(
            imports,
            r#"(import "wasm_vfs" "{name}" (func ${name} (param {params}) (result i64)))"#
        );
    }
    // At 1024: paths, 32 bytes for each.
    let data: String = ["/etc/motd", "/new", "/etc", "/run/out", "name"]
        .map(|path| format!("{path}{}", "\\00".repeat(32 - path.len())))
        .concat();
    let program = program(&imports, &data, body);
    forms.iter().map(|&form| run(&pack(&program, form, policy).unwrap())).collect()
}

/// Asserts that `call`, an i64, is `expected` with the policy and `otherwise` without.
fn answers(policy: &str, calls: &[(&str, &str)], call: &str, expected: i64, otherwise: i64) {
    for (policy, expected, forms) in [(policy, expected, &FORMS[..]), ("", otherwise, &FORMS[..1])]
    {
        let body = format!("(i64.ne {call} (i64.const {expected}))");
        for outcome in outcomes_of(forms, policy, calls, &body) {
            assert_eq!(outcome.status, Some(0), "{policy}: {call} is not {expected}: {outcome:?}");
        }
    }
}

const MOTD: &str = "(i32.const 1024)";
const NEW: &str = "(i32.const 1056)";
const ETC: &str = "(i32.const 1088)";

const EPERM: i64 = -1;
const ENOENT: i64 = -2;
const EBADF: i64 = -9;
const EXDEV: i64 = -18;
const EMFILE: i64 = -24;
const ENOSPC: i64 = -28;
const EROFS: i64 = -30;

#[test]
fn no_change_of_a_tree_that_is_read_only() {
    let mkdir = format!("(call $mkdir {NEW} (i32.const 511))");
    answers("read-only = true", &[("mkdir", "i32 i32")], &mkdir, EROFS, 0);
    let chmod = format!("(call $chmod {MOTD} (i32.const 511))");
    answers("read-only = true", &[("chmod", "i32 i32")], &chmod, EROFS, 0);
    let xattr = format!(
        "(call $setxattr {MOTD} (i32.const 1152) (i32.const 1024) (i32.const 1) (i32.const 0))"
    );
    // A name without a namespace; that it is read-only comes first.
    let calls = [("setxattr", "i32 i32 i32 i32 i32")];
    answers("read-only = true", &calls, &xattr, EROFS, -95);
}

#[test]
fn limits() {
    let write = format!(
        "(block (result i64)
            (drop (call $creat {NEW} (i32.const 384)))
            (call $ftruncate (i32.const 4) (i64.const 100000))
            (call $pwrite64 (i32.const 4) (i32.const 64) (i32.const 65536) (i64.const 0))
            (i64.lt_s (i64.const 65536)) (i64.extend_i32_u) (i64.add))"
    );
    // 65536 bytes are written, or fewer: 1 is added to the 0 of ftruncate then.
    let calls = [("creat", "i32 i32"), ("ftruncate", "i32 i64"), ("pwrite64", "i32 i32 i32 i64")];
    answers("max-bytes = '40KiB'", &calls, &write, 1, 0);
    let mkdir = format!("(call $mkdir {NEW} (i32.const 511))");
    answers("max-inodes = 15", &[("mkdir", "i32 i32")], &mkdir, ENOSPC, 0);
    answers("max-fds = 4", &[("dup", "i32")], "(call $dup (i32.const 0))", EMFILE, 4);
}

#[test]
fn who_the_program_is() {
    answers("uid = 7", &[("geteuid", "")], "(call $geteuid)", 7, 0);
    answers("gid = 7", &[("getegid", "")], "(call $getegid)", 7, 0);
    let chown = format!("(call $chown {MOTD} (i32.const 7) (i32.const 7))");
    answers("uid = 7", &[("chown", "i32 i32 i32")], &chown, EPERM, 0);
    answers("umask = '077'", &[("umask", "i32")], "(call $umask (i32.const 0))", 0o77, 0o22);
}

#[test]
fn where_paths_lead() {
    let open = |path: &str| format!("(call $open {path} (i32.const 0) (i32.const 0))");
    let calls = [("open", "i32 i32 i32")];
    // The lowest descriptor that is free.
    answers("no-dev = true", &calls, &open(MOTD), 4, 4);
    // A path that begins behind the slash is from the current directory.
    let relative = |path: &str| open(&format!("(i32.add {path} (i32.const 1))"));
    let name = relative("(i32.const 1028)");
    for (policy, beneath) in [("no-preopen = true", ENOENT), ("preopen = ['/etc']", 4)] {
        answers(policy, &calls, &open(MOTD), EXDEV, 4);
        answers(policy, &calls, &open(ETC), EXDEV, 4);
        answers(policy, &calls, &relative(MOTD), ENOENT, 4);
        answers(policy, &calls, &name, beneath, ENOENT);
    }
}

#[test]
fn the_standard_streams() {
    let read = "(call $read (i32.const 0) (i32.const 4096) (i32.const 10))";
    answers("stdin = 'deny'", &[("read", "i32 i32 i32")], read, EBADF, 0);
    answers("stdin = 'file=/etc/motd'", &[("read", "i32 i32 i32")], read, 6, 0);
    let size = "(i64.add (call $write (i32.const 1) (i32.const 1024) (i32.const 9))
        (call $lseek (i32.const 1) (i64.const 0) (i32.const 1)))";
    let calls = [("write", "i32 i32 i32"), ("lseek", "i32 i64 i32")];
    // A stream of the host has no position: ESPIPE.
    answers("stdout = 'file=/run/out'", &calls, size, 18, 9 - 29);
    for outcome in outcomes(
        "stderr = 'null'",
        &calls[..1],
        "(i64.ne (call $write (i32.const 2) (i32.const 1024) (i32.const 9)) (i64.const 9))",
    ) {
        assert_eq!((outcome.status, outcome.stderr.as_slice()), (Some(0), &b""[..]));
    }
}

#[test]
fn clocks() {
    let seconds = "(block (result i64)
        (drop (call $clock_gettime (i32.const 0) (i32.const 4096))) (i64.load (i32.const 4096)))";
    let calls = [("clock_gettime", "i32 i32")];
    let fixed = format!("(i64.ne {seconds} (i64.const 1767225600))");
    for outcome in outcomes("clock = 'fixed=2026-01-01T00:00:00Z'", &calls, &fixed) {
        assert_eq!(outcome.status, Some(0), "{outcome:?}");
    }
    // Two readings, and no hour between them.
    let step = "(call $clock_gettime (i32.const 1) (i32.const 4096)) (drop)
        (call $clock_nanosleep (i32.const 1) (i32.const 0) (i32.const 4160) (i32.const 0)) (drop)
        (call $clock_gettime (i32.const 1) (i32.const 4128)) (drop)
        (i64.lt_u (i64.sub (i64.load (i32.const 4128)) (i64.load (i32.const 4096))) (i64.const 3600))";
    let calls = [("clock_gettime", "i32 i32"), ("clock_nanosleep", "i32 i32 i32 i32")];
    let step = format!("(i64.store (i32.const 4160) (i64.const 3600)) {step}");
    for outcome in outcomes("clock = 'step=5'", &calls, &step) {
        assert_eq!(outcome.status, Some(0), "it did not seem to sleep: {outcome:?}");
    }
}

/// It would last an hour.
#[test]
fn nothing_is_waited_for() {
    let sleep = "(block (result i64) (i64.store (i32.const 4096) (i64.const 3600))
        (call $nanosleep (i32.const 4096) (i32.const 0)))";
    let zero = format!("(i64.ne {sleep} (i64.const 0))");
    for outcome in outcomes("poll = 'deny'", &[("nanosleep", "i32 i32")], &zero) {
        assert_eq!(outcome.status, Some(0), "{outcome:?}");
    }
}

#[test]
fn random_numbers() {
    let status = |policy: &str| {
        let body = "(drop (call $getrandom (i32.const 4096) (i32.const 8) (i32.const 0)))
            (i32.and (i32.load (i32.const 4096)) (i32.const 63))";
        let outcomes = outcomes(policy, &[("getrandom", "i32 i32 i32")], body);
        assert_eq!(outcomes[0].status, outcomes[1].status, "{policy}");
        outcomes[0].status
    };
    assert_eq!(status("random = 'seed=01'"), status("random = 'seed=01'"));
    assert_ne!(status("random = 'seed=01'"), status("random = 'seed=02'"));
}

#[test]
fn the_end_is_a_trap_where_exit_is_denied() {
    let calls = [("exit_group", "i32")];
    let exit = "(drop (call $exit_group (i32.const 3))) (i32.const 0)";
    assert!(outcomes("", &calls, exit).iter().all(|outcome| outcome.status == Some(3)));
    assert!(outcomes("exit = 'deny'", &calls, exit).iter().all(|outcome| outcome.status.is_none()));
}
