//! What a call answers, in a form that two worlds can be compared in.

use std::fmt;

use wasm_vfs_core::Errno;

use crate::call::{Kind, bits_text, text_of};

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
pub fn time_text((sec, nsec): (i64, u32)) -> String {
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

/// Numbers rename cookies in the order in which they come: each world counts its own.
#[derive(Debug, Default)]
pub struct Cookies(Vec<u32>);

impl Cookies {
    /// A record of events, `16 bytes and a name` each, as text: `WD:MASK cCOOKIE NAME`, with a
    /// comma between two.
    pub fn events(&mut self, records: &[u8]) -> Value {
        let mut events = Vec::new();
        let mut rest = records;
        while !rest.is_empty() {
            let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            let (wd, mask, cookie, len) = (word(0), word(4), word(8), word(12) as usize);
            let padded = &rest[16..16 + len];
            let name: Vec<u8> = padded.iter().copied().take_while(|&byte| byte != 0).collect();
            let is_unnamed = name.first() == Some(&b'#');
            assert_eq!(len, if len == 0 { 0 } else { (name.len() + 1).next_multiple_of(16) });
            assert!(padded[name.len()..].iter().all(|&byte| byte == 0), "padding of a name");
            let mut event = format!("{}:{}", wd.cast_signed(), bits_text(Kind::Mask, mask.into()));
            if cookie != 0 {
                event += &format!(" c{}", self.number(cookie));
            }
            if is_unnamed {
                // O_TMPFILE: `#` and the inode number.
                event += " (unnamed)";
            } else if !name.is_empty() {
                event += &format!(" {}", text_of(&name));
            }
            events.push(event);
            rest = &rest[16 + len..];
        }
        Value::Text(events.join(", "))
    }

    fn number(&mut self, cookie: u32) -> usize {
        let known = self.0.iter().position(|&known| known == cookie);
        known.unwrap_or_else(|| {
            self.0.push(cookie);
            self.0.len() - 1
        })
    }
}

/// The text that tables hold: an errno's name or the value.
pub fn outcome_text(outcome: &Outcome) -> String {
    match outcome {
        Ok(value) => value.to_string(),
        Err(errno) => errno.name().to_owned(),
    }
}

/// Whether an outcome is what a table expects: the same text, or some of the words of what stat
/// says, or `ok` for any success.
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

/// Names with types as one value, sorted: the order is each world's own.
pub fn typed_names(mut names: Vec<(Vec<u8>, u8)>) -> Value {
    names.sort();
    let names: Vec<String> =
        names.iter().map(|(name, d_type)| format!("{}:{d_type}", text_of(name))).collect();
    Value::Text(format!("[{}]", names.join(" ")))
}

/// The names that listxattr gave, sorted: "an unordered array" (listxattr(2)), and kernels differ.
pub fn attribute_names(outcome: Outcome) -> Outcome {
    outcome.map(|value| {
        let Value::Bytes(list) = value else { return value };
        assert!(matches!(list.last(), None | Some(0)), "the last name has no end");
        let mut names: Vec<Vec<u8>> = list
            .split_inclusive(|&byte| byte == 0)
            .map(|name| name[..name.len() - 1].to_vec())
            .collect();
        names.sort();
        Value::Names(names)
    })
}

/// What was read from an eventfd: a number. Other descriptors give other bytes.
pub fn event_value(bytes: Vec<u8>) -> Value {
    match bytes.first_chunk() {
        Some(&number) if bytes.len() == 8 => Value::Text(u64::from_ne_bytes(number).to_string()),
        _ => Value::Bytes(bytes),
    }
}

/// The names and types in `struct linux_dirent` records, without `.` and `..`. Panics on a
/// malformed one: the layout is part of what is tested.
pub fn parse_old_dirents(records: &[u8]) -> Vec<(Vec<u8>, u8)> {
    let mut all = Vec::new();
    let mut rest = records;
    while !rest.is_empty() {
        let length = usize::from(u16::from_le_bytes([rest[16], rest[17]]));
        let (record, tail) = rest.split_at(length);
        let name_len = record[18..].iter().position(|&byte| byte == 0).expect("no NUL");
        assert_eq!(length, (18 + name_len + 2).next_multiple_of(8), "d_reclen");
        assert!(u64::from_le_bytes(record[..8].try_into().unwrap()) != 0, "d_ino");
        let name = &record[18..18 + name_len];
        if !matches!(name, b"." | b"..") {
            all.push((name.to_vec(), record[length - 1]));
        }
        rest = tail;
    }
    all
}

/// The names and types in `struct linux_dirent64` records, without `.` and `..`. Panics on a
/// malformed one: the layout is part of what is tested.
pub fn parse_dirents(records: &[u8]) -> Vec<(Vec<u8>, u8)> {
    let mut all = Vec::new();
    let mut rest = records;
    while !rest.is_empty() {
        let length = usize::from(u16::from_le_bytes([rest[16], rest[17]]));
        let (record, tail) = rest.split_at(length);
        let name_len = record[19..].iter().position(|&byte| byte == 0).expect("no NUL");
        assert_eq!(length, (19 + name_len + 1).next_multiple_of(8), "d_reclen");
        assert!(u64::from_le_bytes(record[..8].try_into().unwrap()) != 0, "d_ino");
        let name = &record[19..19 + name_len];
        if !matches!(name, b"." | b"..") {
            all.push((name.to_vec(), record[18]));
        }
        rest = tail;
    }
    all
}
