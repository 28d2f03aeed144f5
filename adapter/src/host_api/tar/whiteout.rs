//! Names by which a layer says what is gone: OCI Image Layer Filesystem Changeset, "Whiteouts".
//!
//! `.wh.NAME` says that NAME is gone from its directory, `.wh..wh..opq` that everything is. Both
//! speak of what was there before the layer, never of what the layer itself brings.

use wasm_vfs_core::Errno;

/// What names of whiteouts begin with.
pub(super) const PREFIX: &[u8] = b".wh.";

/// The name that says that a directory holds nothing of before.
pub(super) const OPAQUE: &[u8] = b".wh..wh..opq";

/// What a whiteout says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whiteout<'p> {
    /// This name is gone from this directory; an empty path is the archive's directory.
    Name(&'p [u8], &'p [u8]),
    /// Everything is gone from this directory.
    All(&'p [u8]),
}

/// What a member of a layer with this path says is gone; `None`: nothing, it is an ordinary one.
///
/// # Errors
///
/// `EINVAL`: no layer can have such a name. It is a whiteout of nothing (`.wh.`), of the directory
/// itself or the one above (`.wh..`, `.wh...`), of a whiteout (`.wh..wh.x`), or something lies
/// within it.
pub(super) fn of(path: &[u8]) -> Result<Option<Whiteout<'_>>, Errno> {
    let slash = path.iter().rposition(|byte| *byte == b'/');
    let parent = path.get(..slash.unwrap_or(0)).unwrap_or_default();
    let name = path.get(slash.map_or(0, |slash| slash + 1)..).unwrap_or_default();
    if parent.split(|byte| *byte == b'/').any(|part| part.starts_with(PREFIX)) {
        return Err(Errno::EINVAL);
    }
    if name == OPAQUE {
        return Ok(Some(Whiteout::All(parent)));
    }
    match name.strip_prefix(PREFIX) {
        None => Ok(None),
        Some(b"" | b"." | b"..") => Err(Errno::EINVAL),
        Some(name) if name.starts_with(PREFIX) => Err(Errno::EINVAL),
        Some(name) => Ok(Some(Whiteout::Name(parent, name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (path, expected) in [
            ("", Ok(None)),
            ("a/b", Ok(None)),
            (".whx", Ok(None)),
            ("a.wh.b", Ok(None)),
            (".wh.a", Ok(Some(Whiteout::Name(b"", b"a")))),
            ("d/e/.wh.a", Ok(Some(Whiteout::Name(b"d/e", b"a")))),
            (".wh....", Ok(Some(Whiteout::Name(b"", b"...")))),
            (".wh..wh", Ok(Some(Whiteout::Name(b"", b".wh")))),
            (".wh..wh..opq", Ok(Some(Whiteout::All(b"")))),
            ("d/.wh..wh..opq", Ok(Some(Whiteout::All(b"d")))),
            (".wh.", Err(Errno::EINVAL)),
            (".wh..", Err(Errno::EINVAL)),
            (".wh...", Err(Errno::EINVAL)),
            (".wh..wh.x", Err(Errno::EINVAL)),
            (".wh..wh..opqx", Err(Errno::EINVAL)),
            (".wh.d/x", Err(Errno::EINVAL)),
            (".wh.d/.wh.x", Err(Errno::EINVAL)),
            (".wh..wh..opq/x", Err(Errno::EINVAL)),
        ] {
            assert_eq!(of(path.as_bytes()), expected, "{path}");
        }
    }
}
