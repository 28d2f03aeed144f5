//! The words of `pack --trace`: the table that the adapter writes its lines from
//! (`adapter/src/trace/table.rs`). A function's place in it is its permanent number
//! ([`preview1`](crate::preview1)).
//!
//! The table is text, baked only where tracing is chosen. First a line for each function: its name,
//! a letter for each argument, and what a successful call answers through its pointers, as pairs of
//! a letter and a parameter's number:
//!
//! | letter | argument |
//! |---|---|
//! | `d` `u` `n` `i` | i32, u32, u64, i64, in decimal |
//! | `p` | a path: address and length |
//! | `w` `r` | an I/O vector to be written or read: address and count |
//! | `o` `q` `b` | a buffer that is filled: whole, as far as the first result says, or only its length |
//! | `x` | a place for a result: not shown |
//! | capitals | a number with names |
//! | results | `u` u32, `n` u64, `f` filestat (`g`: of the preview before), `s` fdstat, `p` prestat |
//!
//! Then a line for each capital: `|` and the names of the bits from the lowest on, or `=` and the
//! names of the numbers from 0 on.

use crate::adapter::linux_trace;
use crate::policy::values::Trace;

/// Function, arguments, results.
type Call = (&'static str, &'static str, &'static str);

/// The functions of preview1, by the names that the adapter's core module exports them by.
const CALLS: [Call; 50] = [
    ("args_get", "xx", ""),
    ("args_sizes_get", "xx", "u0u1"),
    ("clock_res_get", "Cx", "n1"),
    ("clock_time_get", "Cnx", "n2"),
    ("environ_get", "xx", ""),
    ("environ_sizes_get", "xx", "u0u1"),
    ("fd_advise", "dnnA", ""),
    ("fd_allocate", "dnn", ""),
    ("fd_close", "d", ""),
    ("fd_datasync", "d", ""),
    ("fd_fdstat_get", "dx", "s1"),
    ("fd_fdstat_set_flags", "dF", ""),
    ("fd_fdstat_set_rights", "dRR", ""),
    ("fd_filestat_get", "dx", "f1"),
    ("fd_filestat_set_size", "dn", ""),
    ("fd_filestat_set_times", "dnnT", ""),
    ("fd_pread", "drnx", "u4"),
    ("fd_prestat_dir_name", "do", ""),
    ("fd_prestat_get", "dx", "p1"),
    ("fd_pwrite", "dwnx", "u4"),
    ("fd_read", "drx", "u3"),
    ("fd_readdir", "dbnx", "u4"),
    ("fd_renumber", "dd", ""),
    ("fd_seek", "diWx", "n3"),
    ("fd_sync", "d", ""),
    ("fd_tell", "dx", "n1"),
    ("fd_write", "dwx", "u3"),
    ("path_create_directory", "dp", ""),
    ("path_filestat_get", "dLpx", "f4"),
    ("path_filestat_set_times", "dLpnnT", ""),
    ("path_link", "dLpdp", ""),
    ("path_open", "dLpORxFx", "u8"),
    ("path_readlink", "dpqx", "u5"),
    ("path_remove_directory", "dp", ""),
    ("path_rename", "dpdp", ""),
    ("path_symlink", "pdp", ""),
    ("path_unlink_file", "dp", ""),
    ("poll_oneoff", "xxux", "u3"),
    ("proc_exit", "u", ""),
    ("proc_raise", "u", ""),
    ("random_get", "b", ""),
    ("sched_yield", "", ""),
    ("sock_accept", "dFx", "u2"),
    ("sock_recv", "drIxx", "u4"),
    ("sock_send", "dwux", "u4"),
    ("sock_shutdown", "dH", ""),
    // Of the preview before, as far as they differ.
    ("fd_filestat_get@unstable", "dx", "g1"),
    ("fd_seek@unstable", "diZx", "n3"),
    ("path_filestat_get@unstable", "dLpx", "g4"),
    ("poll_oneoff@unstable", "xxux", "u3"),
];

/// The names of numbers, as the table has them.
const NAMES: [&str; 14] = [
    "A=NORMAL SEQUENTIAL RANDOM WILLNEED DONTNEED NOREUSE",
    "C=REALTIME MONOTONIC PROCESS_CPUTIME_ID THREAD_CPUTIME_ID",
    "E=SUCCESS 2BIG ACCES ADDRINUSE ADDRNOTAVAIL AFNOSUPPORT AGAIN ALREADY BADF BADMSG BUSY CANCELED CHILD \
     CONNABORTED CONNREFUSED CONNRESET DEADLK DESTADDRREQ DOM DQUOT EXIST FAULT FBIG HOSTUNREACH IDRM ILSEQ \
     INPROGRESS INTR INVAL IO ISCONN ISDIR LOOP MFILE MLINK MSGSIZE MULTIHOP NAMETOOLONG NETDOWN NETRESET \
     NETUNREACH NFILE NOBUFS NODEV NOENT NOEXEC NOLCK NOLINK NOMEM NOMSG NOPROTOOPT NOSPC NOSYS NOTCONN NOTDIR \
     NOTEMPTY NOTRECOVERABLE NOTSOCK NOTSUP NOTTY NXIO OVERFLOW OWNERDEAD PERM PIPE PROTO PROTONOSUPPORT \
     PROTOTYPE RANGE ROFS SPIPE SRCH STALE TIMEDOUT TXTBSY XDEV NOTCAPABLE",
    "F|APPEND DSYNC NONBLOCK RSYNC SYNC",
    "H|RD WR",
    "I|RECV_PEEK RECV_WAITALL",
    "L|SYMLINK_FOLLOW",
    "O|CREAT DIRECTORY EXCL TRUNC",
    "R|FD_DATASYNC FD_READ FD_SEEK FD_FDSTAT_SET_FLAGS FD_SYNC FD_TELL FD_WRITE FD_ADVISE FD_ALLOCATE \
     PATH_CREATE_DIRECTORY PATH_CREATE_FILE PATH_LINK_SOURCE PATH_LINK_TARGET PATH_OPEN FD_READDIR PATH_READLINK \
     PATH_RENAME_SOURCE PATH_RENAME_TARGET PATH_FILESTAT_GET PATH_FILESTAT_SET_SIZE PATH_FILESTAT_SET_TIMES \
     FD_FILESTAT_GET FD_FILESTAT_SET_SIZE FD_FILESTAT_SET_TIMES PATH_SYMLINK PATH_REMOVE_DIRECTORY \
     PATH_UNLINK_FILE POLL_FD_READWRITE SOCK_SHUTDOWN SOCK_ACCEPT",
    "S=ino nlink size",
    "T|ATIM ATIM_NOW MTIM MTIM_NOW",
    "W=SET CUR END",
    "Z=CUR END SET",
    "Y=UNKNOWN BLOCK_DEVICE CHARACTER_DEVICE DIRECTORY REGULAR_FILE SOCKET_DGRAM SOCKET_STREAM SYMBOLIC_LINK",
];

/// The variable that turns tracing on where it is asked for, as a line of the table.
const VARIABLE: &str = "V=WASM_VFS_TRACE=1";

/// The table; with Linux's calls, for an adapter that serves them.
pub(crate) fn table(trace: Trace, with_linux: bool) -> String {
    let mut table = String::new();
    for (name, arguments, results) in CALLS {
        table += &format!("{name} {arguments} {results}\n");
    }
    if with_linux {
        let (calls, lists) = linux_trace::lines();
        table += &calls;
        table += &lists;
    }
    for names in NAMES {
        table += names;
        table.push('\n');
    }
    if trace == Trace::Env {
        table += VARIABLE;
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many parameters an argument's letter stands for.
    fn parameters(letter: char) -> usize {
        if "pwroqb".contains(letter) { 2 } else { 1 }
    }

    #[test]
    fn results_are_places_that_exist_and_capitals_have_names() {
        for (name, arguments, results) in CALLS {
            let count: usize = arguments.chars().map(parameters).sum();
            assert!(count <= 9, "{name}");
            for digit in results.chars().filter_map(|letter| letter.to_digit(10)) {
                assert!((digit as usize) < count, "{name}");
            }
            for capital in arguments.chars().filter(char::is_ascii_uppercase) {
                assert!(NAMES.iter().any(|names| names.starts_with(capital)), "{name}: {capital}");
            }
        }
    }

    #[test]
    fn the_calls_have_their_permanent_numbers() {
        assert_eq!(CALLS.map(|(name, ..)| name), crate::preview1::FUNCTIONS);
    }

    /// The lists against the `wasi` crate's numbers.
    #[test]
    fn names_have_their_numbers() {
        let name = |letter: char, number: usize| {
            let list =
                NAMES.iter().find(|names| names.starts_with(letter)).map(|names| &names[2..]);
            list.and_then(|names| names.split(' ').nth(number)).unwrap_or_default()
        };
        assert_eq!(name('E', wasi::ERRNO_NOENT.raw().into()), "NOENT");
        assert_eq!(name('E', wasi::ERRNO_NOTCAPABLE.raw().into()), "NOTCAPABLE");
        assert_eq!(name('E', wasi::ERRNO_XDEV.raw().into()), "XDEV");
        assert_eq!(name('R', wasi::RIGHTS_SOCK_ACCEPT.trailing_zeros() as usize), "SOCK_ACCEPT");
        assert_eq!(name('R', wasi::RIGHTS_PATH_SYMLINK.trailing_zeros() as usize), "PATH_SYMLINK");
        assert_eq!(name('F', wasi::FDFLAGS_SYNC.trailing_zeros() as usize), "SYNC");
        assert_eq!(name('O', wasi::OFLAGS_TRUNC.trailing_zeros() as usize), "TRUNC");
        assert_eq!(name('T', wasi::FSTFLAGS_MTIM_NOW.trailing_zeros() as usize), "MTIM_NOW");
        assert_eq!(name('Y', wasi::FILETYPE_SYMBOLIC_LINK.raw().into()), "SYMBOLIC_LINK");
        assert_eq!(name('W', wasi::WHENCE_END.raw().into()), "END");
        assert_eq!(name('A', wasi::ADVICE_NOREUSE.raw().into()), "NOREUSE");
        assert_eq!(name('C', wasi::CLOCKID_MONOTONIC.raw() as usize), "MONOTONIC");
    }
}
