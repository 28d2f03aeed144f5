//! Calls as text and as data.
//!
//! A call is a name and arguments, `pwrite 3 hello 4096`. [`SIGNATURES`] says which arguments a
//! call takes; that is all that reading, printing and generating calls need. The worlds say what a
//! call does.
//!
//! Bytes are written as they are, with `\xNN` for those that would confuse, `{a*300}` for 300 times
//! `a`, and `''` for none.

use std::fmt::{self, Write as _};

use Kind::{
    At, Bytes, Dirfd, Event, Fallocate, Fd, Groups, Lock, Map, Mask, Mount, Number, Octal, Open,
    Path, Prot, Rename, Resolve, Rwf, Splice, Time,
};

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A descriptor.
    Fd,
    /// A descriptor of a directory, or `@` for `AT_FDCWD`.
    Dirfd,
    /// A path.
    Path,
    /// Data.
    Bytes,
    /// A decimal number.
    Number,
    /// A mode.
    Octal,
    /// `O_*`, without the prefix.
    Open,
    /// `AT_*`.
    At,
    /// `RESOLVE_*`.
    Resolve,
    /// `RENAME_*`.
    Rename,
    /// `MS_*`.
    Mount,
    /// `FALLOC_FL_*`.
    Fallocate,
    /// `RWF_*`.
    Rwf,
    /// `SPLICE_F_*`.
    Splice,
    /// `IN_*`.
    Mask,
    /// `PROT_*`.
    Prot,
    /// `MAP_*`.
    Map,
    /// `EFD_*`.
    Event,
    /// The type of a record lock: `read`, `write`, `unlock`, or a number.
    Lock,
    /// Seconds and nanoseconds, `5.1`; `now`; `omit`.
    Time,
    /// Group ids with commas; `-` for none.
    Groups,
}

/// `UTIME_NOW`, stat.h.
pub const UTIME_NOW: i64 = (1 << 30) - 1;
/// `UTIME_OMIT`, stat.h.
pub const UTIME_OMIT: i64 = (1 << 30) - 2;

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A number, a descriptor, a mode or flags.
    Number(i64),
    /// A path or data.
    Bytes(Vec<u8>),
    /// A time.
    Time(i64, i64),
    /// Several numbers.
    List(Vec<u32>),
}

/// A name and the arguments that it takes.
#[derive(Debug)]
pub struct Signature {
    /// The name.
    pub name: &'static str,
    /// The arguments.
    pub kinds: &'static [Kind],
}

macro_rules! signatures {
    ($($name:ident $($kind:ident)*;)*) => {
        /// Every call that there is.
        pub const SIGNATURES: &[Signature] = &[
            $(Signature { name: stringify!($name), kinds: &[$($kind),*] }),*
        ];
    };
}

signatures! {
    // Not system calls: whose calls the following ones are, and one that opens until no descriptor
    // is left.
    become_user Number Number Groups;
    // Real and effective user, real and effective group.
    become_ids Number Number Number Number Groups;
    // Processes have small numbers; the first is 0. A fork does not change whose the calls are;
    // exit goes back to 0.
    fork Number;
    switch Number;
    exit;
    fill_descriptors;
    // All names in an open directory, from its start; with types, by getdents(2).
    list Fd;
    list_types Fd;

    umask Octal;
    openat Dirfd Path Open Octal;
    openat2 Dirfd Path Open Octal Resolve;
    creat Path Octal;
    chdir Path;
    fchdir Fd;
    chroot Path;
    mount Path Mount;
    getcwd Number;
    close_range Number Number Number;
    syncfs Fd;
    close Fd;
    read Fd Number;
    readv Fd Groups;
    pread Fd Number Number;
    preadv Fd Groups Number;
    write Fd Bytes;
    writev Fd Bytes Bytes;
    pwrite Fd Bytes Number;
    pwritev Fd Bytes Bytes Number;
    lseek Fd Number Number;
    preadv2 Fd Groups Number Rwf;
    pwritev2 Fd Bytes Bytes Number Rwf;
    getdents Fd Number;
    getdents64 Fd Number;
    fstat Fd;
    stat Path;
    lstat Path;
    fstatat Dirfd Path At;
    // The mask in octal.
    statx Dirfd Path At Octal;
    mkdir Path Octal;
    mkdirat Dirfd Path Octal;
    rmdir Path;
    unlink Path;
    unlinkat Dirfd Path At;
    rename Path Path;
    renameat2 Dirfd Path Dirfd Path Rename;
    link Path Path;
    linkat Dirfd Path Dirfd Path At;
    symlink Path Path;
    symlinkat Path Dirfd Path;
    readlink Path Number;
    readlinkat Dirfd Path Number;
    mknod Path Octal Number;
    mknodat Dirfd Path Octal Number;
    truncate Path Number;
    ftruncate Fd Number;
    fallocate Fd Fallocate Number Number;
    posix_fallocate Fd Number Number;
    // Seconds and microseconds; of utime, only seconds. The first is `now`: the null pointer.
    utime Path Time Time;
    utimes Path Time Time;
    futimesat Dirfd Path Time Time;
    utimensat Dirfd Path Time Time At;
    futimens Fd Time Time;
    chmod Path Octal;
    fchmod Fd Octal;
    fchmodat2 Dirfd Path Octal At;
    chown Path Number Number;
    lchown Path Number Number;
    fchown Fd Number Number;
    fchownat Dirfd Path Number Number At;
    access Path Number;
    faccessat2 Dirfd Path Number At;
    statfs Path;
    fstatfs Fd;
    dup Fd;
    dup2 Fd Fd;
    dup3 Fd Fd Open;
    dupfd Fd Number;
    dupfd_cloexec Fd Number;
    getfd Fd;
    setfd Fd Number;
    getfl Fd;
    setfl Fd Open;
    fsync Fd;
    fdatasync Fd;
    sync;

    pipe2 Open;
    getpipe_sz Fd;
    setpipe_sz Fd Number;
    fionread Fd;
    poll Fd;
    eventfd2 Number Event;
    // read(2) and write(2) of a number of 64 bits.
    event_read Fd;
    event_write Fd Number;
    // An offset is a list of one number, or of none: the null pointer.
    sendfile Fd Fd Groups Number;
    splice Fd Groups Fd Groups Number Splice;
    tee Fd Fd Number Splice;
    vmsplice Fd Bytes Splice;
    // Of the end to read.
    vmsplice_to Fd Groups Splice;
    copy_file_range Fd Groups Fd Groups Number;
    flock Fd Number;
    // fcntl(2): l_type, l_whence, l_start, l_len, and l_pid where it must be 0.
    getlk Fd Lock Number Number Number;
    setlk Fd Lock Number Number Number;
    ofd_getlk Fd Lock Number Number Number Number;
    ofd_setlk Fd Lock Number Number Number Number;
    setxattr Path Bytes Bytes Number;
    lsetxattr Path Bytes Bytes Number;
    fsetxattr Fd Bytes Bytes Number;
    getxattr Path Bytes Number;
    lgetxattr Path Bytes Number;
    fgetxattr Fd Bytes Number;
    listxattr Path Number;
    llistxattr Path Number;
    flistxattr Fd Number;
    removexattr Path Bytes;
    lremovexattr Path Bytes;
    fremovexattr Fd Bytes;

    inotify_init1 Open;
    inotify_add_watch Fd Path Mask;
    inotify_rm_watch Fd Number;
    // Reads events, with room for so many bytes.
    events Fd Number;

    // Addresses count from the start of a range that is free at first.
    mmap Number Number Prot Map Fd Number;
    munmap Number Number;
    mprotect Number Number Prot;
    mlock Number Number;
    munlock Number Number;
    msync Number Number Number;
    // Not system calls: what the program itself does to its memory.
    load Number Number;
    store Number Bytes;
}

/// Names of bits, for the kinds that have some.
fn bit_names(kind: Kind) -> &'static [(&'static str, i64)] {
    match kind {
        // A flag of several bits comes before its parts.
        Open => &[
            ("TMPFILE", 0o20_200_000),
            ("SYNC", 0o4_010_000),
            ("ACCMODE", 3),
            ("WRONLY", 1),
            ("RDWR", 2),
            ("CREAT", 0o100),
            ("EXCL", 0o200),
            ("NOCTTY", 0o400),
            ("TRUNC", 0o1000),
            ("APPEND", 0o2000),
            ("NONBLOCK", 0o4000),
            ("DSYNC", 0o10_000),
            ("DIRECT", 0o40_000),
            ("LARGEFILE", 0o100_000),
            ("DIRECTORY", 0o200_000),
            ("NOFOLLOW", 0o400_000),
            ("NOATIME", 0o1_000_000),
            ("CLOEXEC", 0o2_000_000),
            ("PATH", 0o10_000_000),
        ],
        At => &[
            ("SYMLINK_NOFOLLOW", 0x100),
            ("REMOVEDIR", 0x200),
            ("SYMLINK_FOLLOW", 0x400),
            ("NO_AUTOMOUNT", 0x800),
            ("EMPTY_PATH", 0x1000),
        ],
        Resolve => &[
            ("NO_XDEV", 1),
            ("NO_MAGICLINKS", 2),
            ("NO_SYMLINKS", 4),
            ("BENEATH", 8),
            ("IN_ROOT", 16),
            ("CACHED", 32),
        ],
        Mount => &[("RDONLY", 1), ("REMOUNT", 32)],
        Rename => &[("NOREPLACE", 1), ("EXCHANGE", 2), ("WHITEOUT", 4)],
        Fallocate => &[
            ("KEEP_SIZE", 1),
            ("PUNCH_HOLE", 2),
            ("COLLAPSE_RANGE", 8),
            ("ZERO_RANGE", 0x10),
            ("INSERT_RANGE", 0x20),
            ("UNSHARE_RANGE", 0x40),
            ("WRITE_ZEROES", 0x80),
        ],
        Rwf => &[
            ("HIPRI", 1),
            ("DSYNC", 2),
            ("SYNC", 4),
            ("NOWAIT", 8),
            ("APPEND", 0x10),
            ("NOAPPEND", 0x20),
            ("ATOMIC", 0x40),
            ("DONTCACHE", 0x80),
            ("NOSIGNAL", 0x100),
        ],
        Splice => &[("MOVE", 1), ("NONBLOCK", 2), ("MORE", 4), ("GIFT", 8)],
        Mask => &[
            ("ALL_EVENTS", 0xfff),
            ("ACCESS", 0x1),
            ("MODIFY", 0x2),
            ("ATTRIB", 0x4),
            ("CLOSE_WRITE", 0x8),
            ("CLOSE_NOWRITE", 0x10),
            ("OPEN", 0x20),
            ("MOVED_FROM", 0x40),
            ("MOVED_TO", 0x80),
            ("CREATE", 0x100),
            ("DELETE", 0x200),
            ("DELETE_SELF", 0x400),
            ("MOVE_SELF", 0x800),
            ("UNMOUNT", 0x2000),
            ("Q_OVERFLOW", 0x4000),
            ("IGNORED", 0x8000),
            ("ONLYDIR", 0x100_0000),
            ("DONT_FOLLOW", 0x200_0000),
            ("EXCL_UNLINK", 0x400_0000),
            ("MASK_CREATE", 0x1000_0000),
            ("MASK_ADD", 0x2000_0000),
            ("ISDIR", 0x4000_0000),
            ("ONESHOT", 0x8000_0000),
        ],
        Event => &[("SEMAPHORE", 1), ("NONBLOCK", 0o4000), ("CLOEXEC", 0o2_000_000)],
        Prot => &[("READ", 1), ("WRITE", 2), ("EXEC", 4), ("SEM", 8)],
        Map => &[
            ("SHARED_VALIDATE", 3),
            ("SHARED", 1),
            ("PRIVATE", 2),
            ("FIXED_NOREPLACE", 0x10_0000),
            ("FIXED", 0x10),
            ("ANONYMOUS", 0x20),
            ("GROWSDOWN", 0x100),
            ("LOCKED", 0x2000),
        ],
        _ => &[],
    }
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name and what it takes.
    pub name: &'static str,
    /// The arguments, as the signature has them.
    pub args: Vec<Arg>,
}

impl Call {
    /// The signature of a name.
    pub fn signature(name: &str) -> Option<&'static Signature> {
        SIGNATURES.iter().find(|signature| signature.name == name)
    }

    /// Reads a call.
    pub fn parse(text: &str) -> Result<Call, String> {
        let mut words = text.split_whitespace();
        let name = words.next().ok_or("no call")?;
        let signature = Call::signature(name).ok_or_else(|| format!("no call {name:?}"))?;
        let words: Vec<&str> = words.collect();
        if words.len() != signature.kinds.len() {
            return Err(format!("{text:?}: {name} takes {} arguments", signature.kinds.len()));
        }
        let args = signature.kinds.iter().zip(words).map(|(&kind, word)| {
            parse_arg(kind, word).ok_or_else(|| format!("{text:?}: {word:?} is no {kind:?}"))
        });
        Ok(Call { name: signature.name, args: args.collect::<Result<_, _>>()? })
    }

    /// The number at `index`.
    pub fn number(&self, index: usize) -> i64 {
        match self.args.get(index) {
            Some(Arg::Number(number)) => *number,
            other => panic!("{self}: argument {index} is {other:?}"),
        }
    }

    /// The descriptor at `index`.
    pub fn fd(&self, index: usize) -> i32 {
        self.number(index) as i32
    }

    /// The mode or flags at `index`.
    pub fn bits(&self, index: usize) -> u32 {
        self.number(index) as u32
    }

    /// The bytes at `index`.
    pub fn bytes(&self, index: usize) -> &[u8] {
        match self.args.get(index) {
            Some(Arg::Bytes(bytes)) => bytes,
            other => panic!("{self}: argument {index} is {other:?}"),
        }
    }

    /// The time at `index`: seconds and nanoseconds.
    pub fn time(&self, index: usize) -> (i64, i64) {
        match self.args.get(index) {
            Some(&Arg::Time(sec, nsec)) => (sec, nsec),
            other => panic!("{self}: argument {index} is {other:?}"),
        }
    }

    /// The list at `index`.
    pub fn list(&self, index: usize) -> &[u32] {
        match self.args.get(index) {
            Some(Arg::List(list)) => list,
            other => panic!("{self}: argument {index} is {other:?}"),
        }
    }
}

fn parse_arg(kind: Kind, word: &str) -> Option<Arg> {
    let number = |text: &str| text.parse().ok().map(Arg::Number);
    match kind {
        Dirfd if word == "@" => Some(Arg::Number(i64::from(libc::AT_FDCWD))),
        Fd | Dirfd | Number => number(word),
        Path | Bytes => bytes_of(word).map(Arg::Bytes),
        Octal => i64::from_str_radix(word, 8).ok().map(Arg::Number),
        Time => match word {
            "now" => Some(Arg::Time(0, UTIME_NOW)),
            "omit" => Some(Arg::Time(0, UTIME_OMIT)),
            _ => {
                let (sec, nsec) = word.split_once('.')?;
                Some(Arg::Time(sec.parse().ok()?, nsec.parse().ok()?))
            }
        },
        Groups if word == "-" => Some(Arg::List(Vec::new())),
        Groups => word.split(',').map(|id| id.parse().ok()).collect::<Option<_>>().map(Arg::List),
        Lock => {
            let known = LOCK_TYPES.iter().position(|&name| name == word);
            known.map_or_else(|| number(word), |place| Some(Arg::Number(place as i64)))
        }
        Open | At | Resolve | Rename | Mount | Fallocate | Rwf | Splice | Mask | Prot | Map
        | Event => {
            let names = bit_names(kind);
            let bit = |name: &str| match name.strip_prefix("0x") {
                Some(hex) => i64::from_str_radix(hex, 16).ok(),
                None => names.iter().find(|(known, _)| *known == name).map(|&(_, bits)| bits),
            };
            match word {
                "0" | "RDONLY" => Some(Arg::Number(0)),
                _ => word
                    .split('|')
                    .map(bit)
                    .try_fold(0, |all, bit| Some(all | bit?))
                    .map(Arg::Number),
            }
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        let kinds = Call::signature(self.name).map_or(&[][..], |signature| signature.kinds);
        for (&kind, arg) in kinds.iter().zip(&self.args) {
            f.write_char(' ')?;
            match arg {
                Arg::Number(number) if kind == Dirfd && *number == i64::from(libc::AT_FDCWD) => {
                    f.write_char('@')?;
                }
                Arg::Number(number) if kind == Lock => f.write_str(&lock_type_text(*number))?,
                Arg::Number(number) if kind == Octal => write!(f, "{number:o}")?,
                Arg::Number(number) if !bit_names(kind).is_empty() => {
                    f.write_str(&bits_text(kind, *number))?;
                }
                Arg::Number(number) => write!(f, "{number}")?,
                Arg::Bytes(bytes) => f.write_str(&text_of(bytes))?,
                Arg::Time(_, UTIME_NOW) => f.write_str("now")?,
                Arg::Time(_, UTIME_OMIT) => f.write_str("omit")?,
                Arg::Time(sec, nsec) => write!(f, "{sec}.{nsec}")?,
                Arg::List(list) if list.is_empty() => f.write_char('-')?,
                Arg::List(list) => {
                    let list: Vec<String> = list.iter().map(u32::to_string).collect();
                    f.write_str(&list.join(","))?;
                }
            }
        }
        Ok(())
    }
}

/// Types of record locks, by number.
const LOCK_TYPES: [&str; 3] = ["read", "write", "unlock"];

/// A type of record locks by its name.
pub fn lock_type_text(number: i64) -> String {
    let name = usize::try_from(number).ok().and_then(|number| LOCK_TYPES.get(number));
    name.map_or_else(|| number.to_string(), |&name| name.to_owned())
}

/// Flags by their names.
pub fn bits_text(kind: Kind, bits: i64) -> String {
    let mut left = bits;
    let mut words = Vec::new();
    for &(name, bit) in bit_names(kind) {
        if left & bit == bit {
            words.push(name.to_owned());
            left &= !bit;
        }
    }
    if left != 0 {
        words.push(format!("0x{left:x}"));
    }
    if words.is_empty() { "0".into() } else { words.join("|") }
}

/// Bytes as text; [`bytes_of`] reads it.
pub fn text_of(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "''".into();
    }
    let one = |byte: u8| match byte {
        b'\\' | b'{' | b'}' | b';' | b'\'' | b'#' => format!("\\x{byte:02x}"),
        b'!'..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    let mut text = String::new();
    for run in bytes.chunk_by(|a, b| a == b) {
        let byte = one(run[0]);
        if run.len() >= 8 {
            let _ = write!(text, "{{{byte}*{}}}", run.len());
        } else {
            text.extend(std::iter::repeat_n(byte, run.len()));
        }
    }
    text
}

/// Bytes from text.
pub fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if text == "''" {
        return Some(Vec::new());
    }
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("\\x") {
            bytes.push(u8::from_str_radix(tail.get(..2)?, 16).ok()?);
            rest = tail.get(2..)?;
        } else if let Some(tail) = rest.strip_prefix('{') {
            let (inside, tail) = tail.split_once('}')?;
            let (unit, times) = inside.rsplit_once('*')?;
            bytes.extend(bytes_of(unit)?.repeat(times.parse().ok()?));
            rest = tail;
        } else {
            let (head, tail) = rest.split_at(first.len_utf8());
            bytes.extend_from_slice(head.as_bytes());
            rest = tail;
        }
    }
    Some(bytes)
}

#[test]
fn calls_read_what_they_print() {
    for text in [
        "openat @ a/{b*300}\\x00c RDWR|CREAT|CLOEXEC 644",
        "pwrite 3 '' -1",
        "utimensat 4 x now -5.999999999 SYMLINK_NOFOLLOW|0x8000",
        "become_user 1 2 3,4",
        "openat -1 f TMPFILE|WRONLY 7777",
        "setlk 0 unlock 0 -5 7",
        "getlk 0 9 2 0 0",
        "eventfd2 4294967295 SEMAPHORE|NONBLOCK|0x2",
    ] {
        assert_eq!(Call::parse(text).unwrap().to_string(), text);
    }
}
