//! Paths inside the tree, and the `HOST::GUEST` mappings that put directories of the disk there.
//!
//! Only the texts are judged here; whether a directory exists is `gather`'s
//! business.

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use anyhow::bail;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// An absolute path inside the tree, without `.`, `..` or repeated slashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuestPath {
    /// The names from the root down; empty for `/` itself.
    names: Vec<String>,
}

impl GuestPath {
    /// The root directory, `/`.
    #[must_use]
    pub fn root() -> Self {
        Self { names: Vec::new() }
    }

    /// The names from the root down; none for `/` itself.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether it leads into a directory, or to the directory itself.
    #[must_use]
    pub fn is_beneath(&self, directory: &Self) -> bool {
        self.names.starts_with(&directory.names)
    }

    /// The path of an entry of this directory.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        let mut names = self.names.clone();
        names.push(name.to_owned());
        Self { names }
    }
}

impl fmt::Display for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.names.is_empty() {
            return f.write_str("/");
        }
        for name in &self.names {
            write!(f, "/{name}")?;
        }
        Ok(())
    }
}

impl FromStr for GuestPath {
    type Err = Error;

    /// Reads an absolute path. `//` and `.` are dropped, `..` is refused: what it would mean
    /// depends on symbolic links of the tree.
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self::written(text).of_kind(ErrorKind::Tree)?)
    }
}

impl GuestPath {
    fn written(text: &str) -> InnerResult<Self> {
        if !text.starts_with('/') {
            bail!("guest path `{text}` is not absolute; write it from the root, as in `/data`");
        }
        if text.contains('\0') {
            bail!("guest path {text:?} contains a NUL byte");
        }
        let mut names = Vec::new();
        for name in text.split('/') {
            match name {
                "" | "." => {}
                ".." => bail!("guest path `{text}` contains `..`; write the path it leads to"),
                // 255 is Linux's NAME_MAX, which the filesystem keeps to.
                long if long.len() > 255 => {
                    bail!("guest path `{text}` has a name longer than 255 bytes")
                }
                name => names.push(name.to_owned()),
            }
        }
        Ok(Self { names })
    }
}

/// Splits `HOST::GUEST`, and its kin with other sides, at the first `::`; without one, the second
/// is `None`. `\:` is a colon that does not separate, so a name with `::` in it is written with
/// `\::`. Backslashes mean something directly before a colon only; there, `\\` is one.
pub(crate) fn split_pair(text: &str) -> (String, Option<String>) {
    let (mut first, mut second): (String, Option<String>) = (String::new(), None);
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        let after = &after[1..];
        let plain = before.trim_end_matches('\\');
        let backslashes = before.len() - plain.len();
        let separates = second.is_none() && backslashes.is_multiple_of(2);
        let side = second.as_mut().unwrap_or(&mut first);
        side.push_str(plain);
        side.extend(std::iter::repeat_n('\\', backslashes / 2));
        rest = after;
        match after.strip_prefix(':').filter(|_| separates) {
            Some(after) => (second, rest) = (Some(String::new()), after),
            None => side.push(':'),
        }
    }
    second.as_mut().unwrap_or(&mut first).push_str(rest);
    (first, second)
}

/// Splits `LAYOUT[:REF][::GUEST]`: at the first `:` and at the first `::`. A colon that belongs to
/// LAYOUT is written `\:`; a REF may have single colons.
#[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the command line names images"))]
pub(crate) fn split_image(text: &str) -> (String, Option<String>, Option<String>) {
    let mut separators = Vec::new();
    let mut backslashes = 0_usize;
    for (at, character) in text.char_indices() {
        if character == ':' && backslashes.is_multiple_of(2) {
            separators.push(at);
        }
        backslashes = if character == '\\' { backslashes + 1 } else { 0 };
    }
    let pair = separators.windows(2).find(|pair| pair[0] + 1 == pair[1]).map(|pair| pair[0]);
    let (image, guest) = match pair {
        // Behind it, no colon separates.
        Some(at) => (&text[..at], split_pair(&format!("x{}", &text[at..])).1),
        None => (text, None),
    };
    // Without a `::` in it that separates, this only takes the backslashes away.
    let plain = |text: &str| split_pair(text).0;
    match separators.first().filter(|at| **at < image.len()) {
        Some(at) => (plain(&image[..*at]), Some(plain(&image[at + 1..])), guest),
        None => (plain(image), None, guest),
    }
}

/// Splits `GUEST=VALUE` at the first `=`; without one, the second is `None`. An `=` that belongs to
/// the path is written `\=`. Backslashes mean something directly before an `=` only; there, `\\` is
/// one.
#[cfg(feature = "cli")]
pub(crate) fn split_assignment(text: &str) -> (String, Option<&str>) {
    let mut guest = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('=') {
        let plain = before.trim_end_matches('\\');
        let backslashes = before.len() - plain.len();
        guest.push_str(plain);
        guest.extend(std::iter::repeat_n('\\', backslashes / 2));
        if backslashes.is_multiple_of(2) {
            return (guest, Some(after));
        }
        guest.push('=');
        rest = after;
    }
    guest.push_str(rest);
    (guest, None)
}

/// A directory of the disk and where it appears in the tree: the value of `--dir`.
///
/// ```
/// use wasm_vfs::tree::DirMapping;
///
/// let mapping: DirMapping = "site::/www".parse()?;
/// assert_eq!((mapping.host.to_str(), mapping.guest.to_string()), (Some("site"), "/www".into()));
/// # Ok::<(), wasm_vfs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirMapping {
    /// The directory on the disk.
    pub host: PathBuf,
    /// Where the program sees it.
    pub guest: GuestPath,
}

impl FromStr for DirMapping {
    type Err = Error;

    /// Reads `HOST::GUEST`, or `HOST` alone for the same path on both sides. A backslash before a
    /// colon keeps that from separating: `a\::b::/b` is the directory `a::b`.
    ///
    /// This is how wasmtime reads it, with one difference: a packed program has one preopened
    /// directory, `/`, and starts there. So a relative `HOST` alone is taken from `/`: `--dir .`
    /// fills `/` and `--dir assets` fills `/assets`, and a program that opens `assets/x` finds it.
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self::written(text).of_kind(ErrorKind::Tree)?)
    }
}

impl DirMapping {
    fn written(text: &str) -> InnerResult<Self> {
        let (host, guest) = match split_pair(text) {
            (host, Some(guest)) => (host, guest.parse()?),
            (host, None) => {
                let path = format!("/{host}");
                let guest = path.parse().map_err(|_| {
                    anyhow::anyhow!("`{text}` is no path of the tree; write `{text}::GUEST`")
                })?;
                (host, guest)
            }
        };
        if host.is_empty() {
            bail!("`{text}` names no host directory; write `HOST::GUEST`");
        }
        Ok(Self { host: PathBuf::from(host), guest })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn images_are_split_at_colons() {
        let rows: [(&str, &str, Option<&str>, Option<&str>); 11] = [
            ("layout", "layout", None, None),
            ("-", "-", None, None),
            ("layout:1.0", "layout", Some("1.0"), None),
            ("layout::/guest", "layout", None, Some("/guest")),
            ("a.tar:localhost:5000/app:1::/g", "a.tar", Some("localhost:5000/app:1"), Some("/g")),
            ("layout:", "layout", Some(""), None),
            ("layout:::/g", "layout", None, Some(":/g")),
            ("a\\:b:1", "a:b", Some("1"), None),
            ("a\\::b::/g:h", "a:", Some("b"), Some("/g:h")),
            ("layout::/g::h", "layout", None, Some("/g::h")),
            ("lay\\out:@sha256:00", "lay\\out", Some("@sha256:00"), None),
        ];
        for (text, layout, reference, guest) in rows {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            assert_eq!(
                split_image(text),
                (layout.to_owned(), owned(reference), owned(guest)),
                "{text}"
            );
        }
    }

    #[test]
    fn pairs_split_at_the_first_separator() {
        let rows = [
            ("a", "a", None),
            ("a::b", "a", Some("b")),
            ("a::b::c", "a", Some("b::c")),
            ("a:b:c", "a:b:c", None),
            ("a:::b", "a", Some(":b")),
            ("::", "", Some("")),
            (r"a\::b::/c", "a::b", Some("/c")),
            (r"a\::b", "a::b", None),
            (r"a\:::b", "a:", Some("b")),
            (r"a::/b\::c", "a", Some("/b::c")),
            (r"a\\::/b", r"a\", Some("/b")),
            (r"a\\\::b::/c", r"a\::b", Some("/c")),
            // Elsewhere a backslash is a character of a name.
            (r"a\b\\c::/d\", r"a\b\\c", Some(r"/d\")),
            (r"\", r"\", None),
        ];
        for (text, first, second) in rows {
            assert_eq!(split_pair(text), (first.into(), second.map(str::to_owned)), "{text}");
        }
    }

    #[cfg(feature = "cli")]
    #[test]
    fn assignments_split_at_the_first_equals_sign() {
        let rows = [
            ("/a=b", "/a", Some("b")),
            ("/a=b=c", "/a", Some("b=c")),
            ("/a=", "/a", Some("")),
            ("/a", "/a", None),
            (r"/a\=b=c", "/a=b", Some("c")),
            (r"/a\\=b", r"/a\", Some("b")),
            (r"/a\b=\=", r"/a\b", Some(r"\=")),
            (r"/a\=b", "/a=b", None),
        ];
        for (text, guest, value) in rows {
            assert_eq!(split_assignment(text), (guest.into(), value), "{text}");
        }
    }

    #[test]
    fn mappings_read_as_wasmtime_reads_them() {
        let rows = [
            ("a::/b", Ok(("a", "/b"))),
            ("a/b::/", Ok(("a/b", "/"))),
            ("a::/b//c/./d/", Ok(("a", "/b/c/d"))),
            ("/srv/www", Ok(("/srv/www", "/srv/www"))),
            (".", Ok((".", "/"))),
            ("./assets/", Ok(("./assets/", "/assets"))),
            (r"c\::d::/e", Ok(("c::d", "/e"))),
            (r"c\::d", Ok(("c::d", "/c::d"))),
            ("a::b", Err("is not absolute")),
            ("a::.", Err("is not absolute")),
            ("a::", Err("is not absolute")),
            ("a::/b/../c", Err("contains `..`")),
            ("../up", Err("write `../up::GUEST`")),
            ("::/b", Err("names no host directory")),
            ("", Err("names no host directory")),
        ];
        for (text, expected) in rows {
            let got = text.parse::<DirMapping>();
            match expected {
                Ok((host, guest)) => {
                    let got = got.unwrap();
                    assert_eq!(got.host, PathBuf::from(host), "{text}");
                    assert_eq!(got.guest.to_string(), guest, "{text}");
                }
                Err(part) => {
                    let message = got.unwrap_err().to_string();
                    assert!(message.contains(part), "{text}: {message}");
                }
            }
        }
    }
}
