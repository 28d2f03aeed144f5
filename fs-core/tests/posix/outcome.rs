//! What a call answers, in a form that two worlds can be compared in.

use std::fmt;

use wasm_vfs_core::Errno;

use crate::call::text_of;

/// What a call answered.
pub type Outcome = Result<Value, Errno>;

/// What a call answers when it succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number: a descriptor, a count, an offset, 0.
    Number(i64),
    /// Bytes that were read.
    Bytes(Vec<u8>),
    /// What stat says.
    Stat(Meta),
    /// Names, sorted.
    Names(Vec<Vec<u8>>),
    /// Anything else.
    Text(String),
}

/// A file's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The inode number. Only its being equal to another one means something.
    pub ino: u64,
    /// Type and permissions.
    pub mode: u32,
    /// Link count.
    pub nlink: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// The device that a node stands for.
    pub rdev: u64,
    /// Size in bytes.
    pub size: u64,
    /// Blocks of 512 bytes.
    pub blocks: u64,
    /// atime, mtime, ctime: seconds and nanoseconds.
    pub times: [(i64, u32); 3],
}

/// Times from here to [`CLOCK_END`] are the clock's; tests set others.
pub const CLOCK_START: i64 = 1_000_000_000;
/// See [`CLOCK_START`].
pub const CLOCK_END: i64 = 4_000_000_000;

/// A time: `now` if the clock set it.
fn time_text((sec, nsec): (i64, u32)) -> String {
    if (CLOCK_START..CLOCK_END).contains(&sec) { "now".into() } else { format!("{sec}.{nsec}") }
}

impl fmt::Display for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Meta { mode, nlink, uid, gid, rdev, size, blocks, times, .. } = self;
        let [atime, mtime, ctime] = times.map(time_text);
        write!(f, "mode={mode:o} nlink={nlink} uid={uid} gid={gid} rdev={rdev} size={size}")?;
        write!(f, " blocks={blocks} atime={atime} mtime={mtime} ctime={ctime}")
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => write!(f, "{number}"),
            Value::Bytes(bytes) => f.write_str(&text_of(bytes)),
            Value::Stat(meta) => write!(f, "{meta}"),
            Value::Names(names) => {
                let names: Vec<String> = names.iter().map(|name| text_of(name)).collect();
                write!(f, "[{}]", names.join(" "))
            }
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// The text that tables hold: an errno's name or the value.
pub fn outcome_text(outcome: &Outcome) -> String {
    match outcome {
        Ok(value) => value.to_string(),
        Err(errno) => errno.name().to_owned(),
    }
}

/// Whether an outcome is what a table expects: the same text, or some of the words of what stat says, or `ok` for any
/// success.
pub fn matches(outcome: &Outcome, expected: &str) -> bool {
    if let Ok(Value::Stat(meta)) = outcome {
        let said = meta.to_string();
        let said: Vec<&str> = said.split(' ').collect();
        return expected == "ok" || expected.split(' ').all(|word| said.contains(&word));
    }
    match outcome {
        Ok(_) if expected == "ok" => true,
        _ => outcome_text(outcome) == expected,
    }
}
