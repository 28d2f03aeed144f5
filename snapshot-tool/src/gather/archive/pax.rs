//! Extended headers of POSIX's pax format, and the numbers in headers.

use crate::quote::escaped;
use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeMap;

/// What the keys of extended attributes begin with: star's form, which all read. The name follows.
const XATTR_KEY: &str = "SCHILY.xattr.";

/// What extended headers say of a member. A record without a value takes an earlier one back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) linkpath: Option<Vec<u8>>,
    pub(crate) size: Option<u64>,
    pub(crate) uid: Option<i64>,
    pub(crate) gid: Option<i64>,
    /// Seconds and nanoseconds.
    pub(crate) mtime: Option<(i64, u32)>,
    /// By name.
    pub(crate) xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Whether there are access control lists, or attributes in a form that is not read.
    pub(crate) has_unread: bool,
    pub(crate) sparse: SparseRecords,
}

/// What is said of a file with holes, in GNU tar's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SparseRecords {
    pub(crate) major: Option<u64>,
    pub(crate) minor: Option<u64>,
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) realsize: Option<u64>,
    /// Offsets and lengths in turn, in the formats before 1.0; later ones have them in front of the
    /// contents.
    pub(crate) map: Vec<u64>,
}

impl Records {
    /// Adds what an extended header says.
    ///
    /// # Errors
    ///
    /// When it is not of this format, or a value makes no sense.
    pub(crate) fn parse(&mut self, mut header: &[u8]) -> Result<()> {
        while !header.is_empty() {
            let (key, value);
            (key, value, header) = record(header).context("its extended header is damaged")?;
            let name =
                || format!("its extended header has the {} `{}`", escaped(key), escaped(value));
            self.set(key, value).with_context(name)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let bytes = || (!value.is_empty()).then(|| value.to_vec());
        match key {
            b"path" => self.path = bytes(),
            b"linkpath" => self.linkpath = bytes(),
            b"size" => self.size = decimal(value)?,
            b"uid" => self.uid = decimal(value)?,
            b"gid" => self.gid = decimal(value)?,
            b"mtime" if value.is_empty() => self.mtime = None,
            b"mtime" => self.mtime = Some(time(value).context("that is no time")?),
            b"GNU.sparse.major" => self.sparse.major = decimal(value)?,
            b"GNU.sparse.minor" => self.sparse.minor = decimal(value)?,
            b"GNU.sparse.name" => self.sparse.name = bytes(),
            b"GNU.sparse.realsize" | b"GNU.sparse.size" => self.sparse.realsize = decimal(value)?,
            // Format 0.0 has a record for each number, 0.1 one for all.
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                self.sparse.map.extend(decimal::<u64>(value)?);
            }
            b"GNU.sparse.map" => {
                let numbers = value.split(|byte| *byte == b',').map(decimal);
                let numbers: Result<Option<Vec<u64>>> = numbers.collect();
                self.sparse.map = numbers?.context("that is no list of numbers")?;
            }
            key => {
                if let Some(name) = key.strip_prefix(XATTR_KEY.as_bytes()) {
                    // Also without a value: an attribute may have none.
                    self.xattrs.insert(decoded(name), value.to_vec());
                }
                // What libarchive writes beside star's form says the same again.
                let unread = key.starts_with(b"LIBARCHIVE.xattr.") && self.xattrs.is_empty();
                self.has_unread |= unread || key.starts_with(b"SCHILY.acl.");
            }
        }
        Ok(())
    }

    /// The records, with `own` over them.
    pub(crate) fn overridden_by(&self, own: Self) -> Self {
        Self {
            path: own.path,
            linkpath: own.linkpath,
            size: own.size,
            uid: own.uid.or(self.uid),
            gid: own.gid.or(self.gid),
            mtime: own.mtime.or(self.mtime),
            xattrs: self
                .xattrs
                .iter()
                .map(|(k, v)| (k.clone(), v.clone()))
                .chain(own.xattrs)
                .collect(),
            has_unread: own.has_unread || self.has_unread,
            sparse: own.sparse,
        }
    }

    /// Whether there is something that can be true of one member only.
    pub(crate) fn is_of_one_member(&self) -> bool {
        let Self { path, linkpath, size, sparse, .. } = self;
        path.is_some()
            || linkpath.is_some()
            || size.is_some()
            || *sparse != SparseRecords::default()
    }
}

/// Splits the first record off: `LENGTH KEY=VALUE\n`, whose length counts all of it.
fn record(header: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = header.iter().take(20).position(|byte| *byte == b' ')?;
    let len: usize = decimal(&header[..space]).ok()??;
    let (record, rest) = header.split_at_checked(len)?;
    let body = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|byte| *byte == b'=')?;
    Some((&body[..equals], &body[equals + 1..], rest))
}

/// The name of an attribute. It cannot have `=` in a key, so GNU tar writes that as `%3D`, and a
/// percent sign as `%25`.
fn decoded(name: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let (byte, len) = match after {
            [b'3', b'D' | b'd', ..] if *first == b'%' => (b'=', 3),
            [b'2', b'5', ..] if *first == b'%' => (b'%', 3),
            _ => (*first, 1),
        };
        decoded.push(byte);
        rest = &rest[len..];
    }
    decoded
}

/// A decimal number; `None` for no text.
fn decimal<N: std::str::FromStr>(text: &[u8]) -> Result<Option<N>> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    Ok(Some(number.context("that is no number that it may have")?))
}

/// Seconds with a fraction, as in `-0.5`: half a second before 1970 is -1 s and 500,000,000 ns.
fn time(text: &[u8]) -> Option<(i64, u32)> {
    let text = std::str::from_utf8(text).ok()?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let nanoseconds: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let total = whole.parse::<i64>().ok().map(i128::from)? * 1_000_000_000
        + nanoseconds.parse::<i128>().ok()?;
    let total = sign * total;
    let seconds = i64::try_from(total.div_euclid(1_000_000_000)).ok()?;
    Some((seconds, u32::try_from(total.rem_euclid(1_000_000_000)).ok()?))
}

/// A number of a header: octal digits, or, where those do not suffice, GNU tar's base 256.
///
/// # Errors
///
/// When it is neither, or does not fit in 64 bits.
pub(crate) fn header_number(field: &[u8]) -> Result<i64> {
    if let Some((&first, rest)) = field.split_first()
        && first & 0x80 != 0
    {
        // Two's complement, whose sign is the second bit.
        let high = if first & 0x40 == 0 { 0 } else { -1 };
        let start = high << 6 | i128::from(first & 0x3f);
        let number = rest.iter().fold(start, |number, byte| number << 8 | i128::from(*byte));
        return i64::try_from(number).context("a number of its header is too large");
    }
    let text: Vec<u8> = field.iter().copied().skip_while(|byte| *byte == b' ').collect();
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii_end();
    text.iter().try_fold(0, |number: i64, digit| {
        ensure!(
            (b'0'..=b'7').contains(digit),
            "its header has `{}`, where a number should be",
            escaped(text)
        );
        // Twelve octal digits at most.
        Ok(number << 3 | i64::from(digit - b'0'))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn times_with_fractions() {
        let rows = [
            ("0", Some((0, 0))),
            ("-0.5", Some((-1, 500_000_000))),
            ("-1", Some((-1, 0))),
            ("7.000000001", Some((7, 1))),
            ("7.0000000019", Some((7, 1))),
            ("1.5.5", None),
            (".5", None),
            ("--1", None),
            ("+1", None),
            ("99999999999999999999", None),
        ];
        for (text, expected) in rows {
            assert_eq!(time(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn numbers_of_headers() {
        let rows: [(&[u8], Option<i64>); 11] = [
            (b"0000644\0", Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"777777777777", Some(0o777_777_777_777)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", Some(-2)),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"0000648\0", None),
            (b"-000644\0", None),
        ];
        for (field, expected) in rows {
            assert_eq!(header_number(field).ok(), expected, "{}", escaped(field));
        }
    }

    #[test]
    fn names_of_attributes() {
        for (key, name) in
            [("user.a", "user.a"), ("%3D%25%3d%", "=%=%"), ("%%32", "%%32"), ("", "")]
        {
            assert_eq!(decoded(key.as_bytes()), name.as_bytes(), "{key}");
        }
    }

    #[test]
    fn records_that_are_damaged() {
        for header in ["", "11 mtime=1\n", "6 a=b\n9 path=x\n", "10 path=x\n\n"] {
            let is_ok = Records::default().parse(header.as_bytes()).is_ok();
            assert_eq!(
                is_ok,
                ["", "11 mtime=1\n", "6 a=b\n9 path=x\n"].contains(&header),
                "{header:?}"
            );
        }
        for header in [
            "9 path=x",
            "99 path=x\n",
            "x",
            "2 ",
            "0 =\n",
            "7 path\n",
            "9 size=x\n",
            "11 size=-1\n",
        ] {
            Records::default().parse(header.as_bytes()).unwrap_err();
        }
    }
}
