//! A member of a tar archive in POSIX pax format: its headers, so that times keep their nanoseconds
//! and names, link targets, ids and maps of holes any length. `wasm_vfs_export` of a running program
//! writes the same bytes.

use crate::packed::sparse_map::SparseMap;
use crate::tree::Metadata;
use std::io::{self, Read, Write};
use tar::{Builder, EntryType, Header};

/// Room for a name or a link target in the header itself.
const HEADER_NAME_BYTES: usize = 100;

/// The largest id in the header's seven octal digits.
const MAX_HEADER_ID: u32 = 0o7_777_777;

/// The largest time in the header's eleven octal digits.
const MAX_HEADER_TIME: u64 = 0o77_777_777_777;

/// One member's headers.
pub(crate) struct Member {
    header: Header,
    /// What the header has no room for.
    pax: Vec<(&'static str, Vec<u8>)>,
    /// What comes in front of the contents.
    map: Vec<u8>,
}

impl Member {
    /// The headers of a member of this type, name, link name, and size of what follows.
    pub(crate) fn new(
        entry_type: EntryType,
        name: Vec<u8>,
        link: Option<Vec<u8>>,
        size: u64,
        metadata: Metadata,
    ) -> Self {
        let mut member = Self { header: Header::new_ustar(), pax: Vec::new(), map: Vec::new() };
        member.header.set_entry_type(entry_type);
        member.header.set_size(size);
        member.set_name(name);
        if let Some(link) = link {
            member.set_link(link);
        }
        member.set_metadata(metadata);
        member.header.set_cksum();
        member
    }

    /// The headers of a file with holes: pax format 1.0 of GNU tar. The runs of bytes that `map`
    /// tells of are what follows.
    pub(crate) fn sparse(name: &[u8], map: &SparseMap, metadata: Metadata) -> Self {
        let encoded = map.encode();
        let size = encoded.len() as u64 + map.data_bytes();
        let mut member = Self::new(EntryType::Regular, Vec::new(), None, size, metadata);
        // For readers that know no holes: beside the file, under a name that tells why.
        let base = name.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let shown = [&name[..base], b"GNUSparseFile.0/", &name[base..]].concat();
        put(&mut member.header.as_old_mut().name, &shown);
        member.header.set_cksum();
        member.pax.extend([
            ("GNU.sparse.major", b"1".to_vec()),
            ("GNU.sparse.minor", b"0".to_vec()),
            ("GNU.sparse.name", name.to_vec()),
            ("GNU.sparse.realsize", map.len.to_string().into_bytes()),
        ]);
        member.map = encoded;
        member
    }

    /// Adds the member to an archive.
    ///
    /// # Errors
    ///
    /// When `contents` cannot be read or the archive not written.
    pub(crate) fn append(
        &self,
        archive: &mut Builder<impl Write>,
        contents: impl Read,
    ) -> io::Result<()> {
        archive.append_pax_extensions(self.pax.iter().map(|(k, v)| (*k, v.as_slice())))?;
        archive.append(&self.header, self.map.as_slice().chain(contents))
    }

    /// The headers of a device of these numbers. Those with more than the header's digits, which no
    /// driver here has, become the largest that fit.
    pub(crate) fn device(mut self, major: u32, minor: u32) -> Self {
        if let Some(header) = self.header.as_ustar_mut() {
            header.set_device_major(major.min(MAX_HEADER_ID));
            header.set_device_minor(minor.min(MAX_HEADER_ID));
        }
        self.header.set_cksum();
        self
    }

    fn set_name(&mut self, name: Vec<u8>) {
        put(&mut self.header.as_old_mut().name, &name);
        if name.len() > HEADER_NAME_BYTES {
            self.pax.push(("path", name));
        }
    }

    fn set_link(&mut self, link: Vec<u8>) {
        put(&mut self.header.as_old_mut().linkname, &link);
        if link.len() > HEADER_NAME_BYTES {
            self.pax.push(("linkpath", link));
        }
    }

    fn set_metadata(&mut self, metadata: Metadata) {
        self.header.set_mode(metadata.mode.into());
        let (uid, gid) = (metadata.uid, metadata.gid);
        self.header.set_uid(uid.min(MAX_HEADER_ID).into());
        self.header.set_gid(gid.min(MAX_HEADER_ID).into());
        for (key, id) in [("uid", uid), ("gid", gid)] {
            if id > MAX_HEADER_ID {
                self.pax.push((key, id.to_string().into_bytes()));
            }
        }
        let whole = u64::try_from(metadata.mtime_sec).ok().filter(|sec| *sec <= MAX_HEADER_TIME);
        self.header.set_mtime(whole.unwrap_or(0));
        if whole.is_none() || metadata.mtime_nsec != 0 {
            let time = decimal_time(metadata.mtime_sec, metadata.mtime_nsec);
            self.pax.push(("mtime", time.into_bytes()));
        }
    }
}

fn put(field: &mut [u8; HEADER_NAME_BYTES], name: &[u8]) {
    let kept = name.len().min(field.len());
    field[..kept].copy_from_slice(&name[..kept]);
}

/// `-0.5` for half a second before 1970, which is kept as -1 s and 500,000,000 ns.
fn decimal_time(sec: i64, nsec: u32) -> String {
    let total = i128::from(sec) * 1_000_000_000 + i128::from(nsec);
    let sign = if total < 0 { "-" } else { "" };
    let total = total.unsigned_abs();
    let text = format!("{sign}{}.{:09}", total / 1_000_000_000, total % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970() {
        let rows = [
            (0, 0, "0"),
            (10, 0, "10"),
            (-1, 500_000_000, "-0.5"),
            (-1, 0, "-1"),
            (7, 1, "7.000000001"),
        ];
        for (sec, nsec, text) in rows {
            assert_eq!(decimal_time(sec, nsec), text);
        }
    }
}
