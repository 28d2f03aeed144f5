//! The blocks of a tar archive: POSIX ustar with pax records, and what GNU tar writes for long
//! names.
//!
//! pax(1), "ustar Interchange Format" and "pax Extended Header". Numbers are octal digits, or
//! binary where the first byte says so (GNU, for what has no room otherwise).

use alloc::vec::Vec;

use wasm_vfs_core::{Errno, Timespec};

use crate::bytes::{append, append_decimal, append_digits};

/// Bytes of a block: a header is one, contents are whole ones.
pub(super) const BLOCK_BYTES: usize = 512;

/// A block.
pub(super) type Block = [u8; BLOCK_BYTES];

/// A field of a header: where it begins, and its bytes.
#[derive(Clone, Copy)]
pub(super) struct Field(pub(super) usize, pub(super) usize);

pub(super) const NAME: Field = Field(0, 100);
pub(super) const MODE: Field = Field(100, 8);
pub(super) const UID: Field = Field(108, 8);
pub(super) const GID: Field = Field(116, 8);
pub(super) const SIZE: Field = Field(124, 12);
pub(super) const MTIME: Field = Field(136, 12);
const CHECKSUM: Field = Field(148, 8);
const TYPE: usize = 156;
pub(super) const LINK_NAME: Field = Field(157, 100);
const MAGIC: Field = Field(257, 8);
pub(super) const DEVICE_MAJOR: Field = Field(329, 8);
pub(super) const DEVICE_MINOR: Field = Field(337, 8);
const PREFIX: Field = Field(345, 155);

/// Where a header of GNU's own has the map of a sparse file, and how many entries of it.
pub(super) const SPARSE_MAP: (usize, usize) = (386, 4);
/// Where it says that more of the map is in the next block.
pub(super) const MAP_GOES_ON: usize = 482;
/// The size of the file whose map that is.
pub(super) const REAL_SIZE: Field = Field(483, 12);
/// The same of the blocks after such a header.
pub(super) const FURTHER_MAP: (usize, usize) = (0, 21);
pub(super) const FURTHER_MAP_GOES_ON: usize = 504;

/// The most bytes that the records of one member may have.
pub(super) const MAX_RECORDS_BYTES: u64 = 1 << 20;

/// Magic number and version of POSIX.
const POSIX: &[u8; 8] = b"ustar\x0000";
/// GNU's own, which has no prefix.
const GNU: &[u8; 8] = b"ustar  \0";

/// What kind of member a header begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    HardLink,
    Symlink,
    /// A character device, whose numbers are in [`DEVICE_MAJOR`] and [`DEVICE_MINOR`].
    CharDevice,
    /// A block device, as a character device.
    BlockDevice,
    Fifo,
    Directory,
    /// A file with holes, in the form that only GNU's own headers have.
    Sparse,
    /// Records for the next member.
    Pax,
    /// Records for all members from here on.
    GlobalPax,
    /// The name of the next member.
    LongName,
    /// The link name of the next member.
    LongLink,
}

impl Kind {
    /// The kind of a header.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP`: what nobody has defined.
    pub(super) fn of(block: &Block) -> Result<Kind, Errno> {
        Ok(match block.get(TYPE) {
            Some(b'0' | 0 | b'7') => Kind::File,
            Some(b'1') => Kind::HardLink,
            Some(b'2') => Kind::Symlink,
            Some(b'3') => Kind::CharDevice,
            Some(b'4') => Kind::BlockDevice,
            Some(b'5') => Kind::Directory,
            Some(b'6') => Kind::Fifo,
            // Elsewhere the map lies in another place, or nowhere.
            Some(b'S') if field(block, MAGIC) == GNU => Kind::Sparse,
            Some(b'x') => Kind::Pax,
            Some(b'g') => Kind::GlobalPax,
            Some(b'L') => Kind::LongName,
            Some(b'K') => Kind::LongLink,
            _ => return Err(Errno::EOPNOTSUPP),
        })
    }

    /// The letter that says so in a header.
    fn letter(self) -> u8 {
        match self {
            Kind::File => b'0',
            Kind::HardLink => b'1',
            Kind::Symlink => b'2',
            Kind::CharDevice => b'3',
            Kind::BlockDevice => b'4',
            Kind::Directory => b'5',
            Kind::Fifo => b'6',
            Kind::Sparse => b'S',
            Kind::Pax => b'x',
            Kind::GlobalPax => b'g',
            Kind::LongName => b'L',
            Kind::LongLink => b'K',
        }
    }
}

/// The bytes of a field.
fn field(block: &Block, Field(at, len): Field) -> &[u8] {
    block.get(at..at + len).unwrap_or_default()
}

/// The bytes of a field before the first NUL.
pub(super) fn text(block: &Block, which: Field) -> &[u8] {
    let bytes = field(block, which);
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The name in a header, with its prefix.
///
/// # Errors
///
/// `ENOMEM`: no memory.
pub(super) fn name(block: &Block) -> Result<Vec<u8>, Errno> {
    let mut name = Vec::new();
    if field(block, MAGIC) == POSIX {
        let prefix = text(block, PREFIX);
        if !prefix.is_empty() {
            append(&mut name, prefix)?;
            append(&mut name, b"/")?;
        }
    }
    append(&mut name, text(block, NAME))?;
    Ok(name)
}

/// The number in a field; blank is 0.
///
/// # Errors
///
/// `EINVAL`: it is none, or too large.
pub(super) fn number(block: &Block, which: Field) -> Result<i64, Errno> {
    let bytes = field(block, which);
    if let Some((&first, rest)) = bytes.split_first()
        && first & 0x80 != 0
    {
        // Two's complement in all bits but the first.
        let mut value = i64::from(first & 0x7f);
        if first & 0x40 != 0 {
            value -= 0x80;
        }
        for byte in rest {
            value = value.checked_mul(256).ok_or(Errno::EINVAL)?;
            value |= i64::from(*byte);
        }
        return Ok(value);
    }
    let is_blank = |byte: &u8| matches!(byte, b' ' | 0);
    let mut value = 0i64;
    let mut digits = bytes.iter().skip_while(|byte| is_blank(byte));
    for byte in digits.by_ref().take_while(|byte| !is_blank(byte)) {
        if !(b'0'..=b'7').contains(byte) {
            return Err(Errno::EINVAL);
        }
        value = value.checked_mul(8).ok_or(Errno::EINVAL)? | i64::from(byte - b'0');
    }
    if digits.all(is_blank) { Ok(value) } else { Err(Errno::EINVAL) }
}

/// The size or the offset in a field.
///
/// # Errors
///
/// `EINVAL`: it is none, or too large.
pub(super) fn size(block: &Block, which: Field) -> Result<u64, Errno> {
    u64::try_from(number(block, which)?).map_err(|_| Errno::EINVAL)
}

/// Whether the byte at `at` says that more is to come.
pub(super) fn goes_on(block: &Block, at: usize) -> bool {
    block.get(at).is_some_and(|byte| *byte != 0)
}

/// The sum of a header's bytes, its own field counted as blanks.
fn checksum(block: &Block) -> u32 {
    let Field(at, len) = CHECKSUM;
    let own = at..at + len;
    let byte = |(at, byte): (usize, &u8)| match own.contains(&at) {
        true => u32::from(b' '),
        false => u32::from(*byte),
    };
    block.iter().enumerate().map(byte).sum()
}

/// Checks that a header is one.
///
/// # Errors
///
/// `EINVAL`: its checksum is wrong.
pub(super) fn check(block: &Block) -> Result<(), Errno> {
    if number(block, CHECKSUM)? == i64::from(checksum(block)) { Ok(()) } else { Err(Errno::EINVAL) }
}

/// A header to be written.
pub(super) struct Header(Block);

impl Header {
    /// One of this kind, without a name.
    pub(super) fn new(kind: Kind) -> Header {
        let mut header = Header([0; BLOCK_BYTES]);
        header.put(MAGIC, POSIX);
        if let Some(place) = header.0.get_mut(TYPE) {
            *place = kind.letter();
        }
        header.put_number(MTIME, 0);
        header
    }

    /// Stores bytes at the front of a field, as many as fit.
    pub(super) fn put(&mut self, Field(at, len): Field, bytes: &[u8]) {
        for (place, byte) in self.0.iter_mut().skip(at).take(len).zip(bytes) {
            *place = *byte;
        }
    }

    /// Stores a number: octal digits and NUL, or binary if it has too many.
    pub(super) fn put_number(&mut self, Field(at, len): Field, value: u64) {
        let Some(places) = self.0.get_mut(at..at + len) else { return };
        let digits = len - 1;
        let is_octal = value >> (3 * digits).min(63) == 0;
        let (mut left, mut places) = (value, places.iter_mut().rev());
        if is_octal {
            places.next();
        }
        for place in places {
            let [low, ..] = left.to_le_bytes();
            *place = if is_octal { b'0' + (low & 7) } else { low };
            left >>= if is_octal { 3 } else { 8 };
        }
        if !is_octal && let Some(first) = self.0.get_mut(at) {
            *first |= 0x80;
        }
    }

    /// The block, with its checksum.
    pub(super) fn finish(mut self) -> Block {
        self.put_number(CHECKSUM, u64::from(checksum(&self.0)));
        self.0
    }
}

/// The next record of a pax header: its key and its value, split off.
///
/// # Errors
///
/// `EINVAL`: it is damaged.
pub(super) fn next_record<'a>(records: &mut &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Errno> {
    // "LENGTH KEY=VALUE\n", where LENGTH counts all of it.
    let blank = records.iter().position(|byte| *byte == b' ').ok_or(Errno::EINVAL)?;
    let (digits, _) = records.split_at_checked(blank).ok_or(Errno::EINVAL)?;
    let len = usize::try_from(decimal(digits)?).map_err(|_| Errno::EINVAL)?;
    let (record, rest) = records.split_at_checked(len).ok_or(Errno::EINVAL)?;
    let record = record.get(blank + 1..).and_then(|record| record.strip_suffix(b"\n"));
    let record = record.ok_or(Errno::EINVAL)?;
    let equals = record.iter().position(|byte| *byte == b'=').ok_or(Errno::EINVAL)?;
    let (key, value) = record.split_at_checked(equals).ok_or(Errno::EINVAL)?;
    *records = rest;
    Ok((key, value.get(1..).unwrap_or_default()))
}

/// A number in decimal digits.
///
/// # Errors
///
/// `EINVAL`: it is none, or too large.
pub(super) fn decimal(digits: &[u8]) -> Result<u64, Errno> {
    if digits.is_empty() {
        return Err(Errno::EINVAL);
    }
    let mut value = 0u64;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return Err(Errno::EINVAL);
        }
        value = value.checked_mul(10).ok_or(Errno::EINVAL)?;
        value = value.checked_add(u64::from(byte - b'0')).ok_or(Errno::EINVAL)?;
    }
    Ok(value)
}

/// Nanoseconds in a second.
const NSEC_PER_SEC: u32 = 1_000_000_000;

/// A time as pax writes it: seconds, perhaps negative, perhaps with a fraction.
///
/// # Errors
///
/// `EINVAL`: it is none.
pub(super) fn time(text: &[u8]) -> Result<Timespec, Errno> {
    let (is_negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let whole = decimal(parts.next().unwrap_or_default())?;
    let sec = i64::try_from(whole).map_err(|_| Errno::EINVAL)?;
    let (mut nsec, mut unit) = (0, NSEC_PER_SEC / 10);
    for byte in parts.next().unwrap_or_default() {
        if !byte.is_ascii_digit() {
            return Err(Errno::EINVAL);
        }
        nsec += u32::from(byte - b'0') * unit;
        unit /= 10;
    }
    Ok(match (is_negative, nsec) {
        (false, _) => Timespec::new(sec, nsec),
        (true, 0) => Timespec::new(-sec, 0),
        // Half a second before 1970 is -1 s and 500,000,000 ns.
        (true, _) => Timespec::new(-sec - 1, NSEC_PER_SEC - nsec),
    })
}

/// Adds a time as pax writes it, without needless digits.
///
/// # Errors
///
/// `ENOMEM`: no memory.
pub(super) fn append_time(out: &mut Vec<u8>, time: Timespec) -> Result<(), Errno> {
    let (mut sec, mut nsec) = (time.tv_sec, time.tv_nsec);
    if sec < 0 {
        append(out, b"-")?;
        if nsec > 0 {
            sec += 1;
            nsec = NSEC_PER_SEC - nsec;
        }
    }
    append_decimal(out, sec.unsigned_abs())?;
    if nsec > 0 {
        append(out, b".")?;
        append_digits(out, u64::from(nsec), 9)?;
        while out.pop_if(|byte| *byte == b'0').is_some() {}
    }
    Ok(())
}

/// Adds a pax record.
///
/// # Errors
///
/// `ENOMEM`: no memory.
pub(super) fn append_record(out: &mut Vec<u8>, key: &[u8], value: &[u8]) -> Result<(), Errno> {
    // A blank, an equals sign, a line feed; and the digits of the length, which count too.
    let rest = key.len() + value.len() + 3;
    let (mut digits, mut bound) = (1, 10);
    while rest + digits >= bound {
        digits += 1;
        bound *= 10;
    }
    append_decimal(out, (rest + digits) as u64)?;
    append(out, b" ")?;
    append(out, key)?;
    append(out, b"=")?;
    append(out, value)?;
    append(out, b"\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        for (which, value) in [
            (MODE, 0o7777),
            (UID, 0o7_777_777),
            (UID, 0o10_000_000),
            (UID, u64::from(u32::MAX)),
            (SIZE, 0o77_777_777_777),
            (SIZE, 1 << 33),
            (SIZE, i64::MAX.cast_unsigned()),
        ] {
            let mut header = Header::new(Kind::File);
            header.put_number(which, value);
            let block = header.finish();
            assert_eq!(number(&block, which), Ok(value.cast_signed()), "{value:o}");
            check(&block).unwrap();
        }
        let read = |bytes: &[u8]| {
            let mut header = Header::new(Kind::File);
            header.put(MTIME, bytes);
            number(&header.finish(), MTIME)
        };
        assert_eq!(read(b"           \0"), Ok(0));
        assert_eq!(read(b"      1 2   "), Err(Errno::EINVAL));
        assert_eq!(read(b"00000000009\0"), Err(Errno::EINVAL));
        assert_eq!(read(&[0xff; 12]), Ok(-1));
        assert_eq!(read(&[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Err(Errno::EINVAL));
    }

    #[test]
    fn times_round_trip() {
        for (sec, nsec, text) in [
            (0, 0, "0"),
            (10, 0, "10"),
            (7, 1, "7.000000001"),
            (7, 120_000_000, "7.12"),
            (-1, 500_000_000, "-0.5"),
            (-1, 0, "-1"),
            (-2, 1, "-1.999999999"),
        ] {
            let mut out = Vec::new();
            append_time(&mut out, Timespec::new(sec, nsec)).unwrap();
            assert_eq!(core::str::from_utf8(&out), Ok(text));
            assert_eq!(time(text.as_bytes()), Ok(Timespec::new(sec, nsec)), "{text}");
        }
        assert_eq!(time(b"1.0000000019"), Ok(Timespec::new(1, 1)));
        for damaged in ["", "-", ".5", "1.x", "x", "9223372036854775808"] {
            assert_eq!(time(damaged.as_bytes()), Err(Errno::EINVAL), "{damaged}");
        }
    }

    #[test]
    fn records_round_trip() {
        let values = [0, 1, 80, 89, 90, 91, 985, 986, 987].map(|len| alloc::vec![b'v'; len]);
        let mut records = Vec::new();
        for value in &values {
            append_record(&mut records, b"key", value).unwrap();
        }
        let mut left = &records[..];
        for value in &values {
            assert_eq!(next_record(&mut left), Ok((&b"key"[..], &value[..])));
        }
        assert_eq!(left, b"");
        for damaged in ["", "6 a=b", "5 a=b\n", "7 a=b\n", "6 a.b\n", "x a=b\n", "1 a=b\n", "99"] {
            assert_eq!(next_record(&mut damaged.as_bytes()), Err(Errno::EINVAL), "{damaged}");
        }
    }
}
