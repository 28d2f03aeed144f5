//! A member of a tar archive in POSIX pax format: its headers, so that times keep their nanoseconds
//! and names, link targets, ids and maps of holes any length. `wasm_vfs_export` of a running program
//! writes the same bytes.

use crate::packed::sparse_map::{SparseMap, TAR_BLOCK_BYTES};
use crate::tree::{Metadata, Xattr};
use std::io::{self, Read, Write};
use tar::{Builder, EntryType, Header};

/// Room for a name or a link target in the header itself.
const HEADER_NAME_BYTES: usize = 100;

/// The largest id in the header's seven octal digits.
const MAX_HEADER_ID: u32 = 0o7_777_777;

/// The largest time in the header's eleven octal digits.
const MAX_HEADER_TIME: u64 = 0o77_777_777_777;

/// What the keys of extended attributes begin with; the name follows. star's form, which all read.
const XATTR_KEY: &str = "SCHILY.xattr.";

/// One member's headers.
pub(crate) struct Member {
    header: Header,
    /// What the header has no room for.
    pax: Vec<(Vec<u8>, Vec<u8>)>,
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
        member.record("GNU.sparse.major", "1");
        member.record("GNU.sparse.minor", "0");
        member.record("GNU.sparse.name", name);
        member.record("GNU.sparse.realsize", map.len.to_string());
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
        if !self.pax.is_empty() {
            let records = pax_records(&self.pax);
            let mut header = Header::new_ustar();
            header.set_entry_type(EntryType::XHeader);
            header.set_size(records.len() as u64);
            header.set_cksum();
            archive.append(&header, records.as_slice())?;
        }
        archive.append(&self.header, self.map.as_slice().chain(contents))
    }

    /// Adds the member to an archive, whose contents `write` writes: so many bytes as the header
    /// says.
    ///
    /// # Errors
    ///
    /// Those of `write`, or when the archive cannot be written.
    pub(crate) fn append_with<W: Write>(
        &self,
        archive: &mut Builder<W>,
        write: impl FnOnce(&mut W) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        // The map is whole blocks.
        self.append(archive, io::empty())?;
        write(archive.get_mut())?;
        let size = self.header.entry_size()? - self.map.len() as u64;
        let padding = size.next_multiple_of(TAR_BLOCK_BYTES as u64) - size;
        io::copy(&mut io::repeat(0).take(padding), archive.get_mut())?;
        Ok(())
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

    /// The headers of a member that has these extended attributes.
    pub(crate) fn xattrs(mut self, xattrs: &[Xattr]) -> Self {
        for Xattr { name, value } in xattrs {
            let mut key = XATTR_KEY.as_bytes().to_vec();
            for byte in name {
                match byte {
                    // As GNU tar does: a key ends at the first `=`.
                    b'=' => key.extend(b"%3D"),
                    b'%' => key.extend(b"%25"),
                    byte => key.push(*byte),
                }
            }
            self.record(key, value.as_slice());
        }
        self
    }

    fn record(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.pax.push((key.into(), value.into()));
    }

    fn set_name(&mut self, name: Vec<u8>) {
        put(&mut self.header.as_old_mut().name, &name);
        if name.len() > HEADER_NAME_BYTES {
            self.record("path", name);
        }
    }

    fn set_link(&mut self, link: Vec<u8>) {
        put(&mut self.header.as_old_mut().linkname, &link);
        if link.len() > HEADER_NAME_BYTES {
            self.record("linkpath", link);
        }
    }

    fn set_metadata(&mut self, metadata: Metadata) {
        self.header.set_mode(metadata.mode.into());
        let (uid, gid) = (metadata.uid, metadata.gid);
        self.header.set_uid(uid.min(MAX_HEADER_ID).into());
        self.header.set_gid(gid.min(MAX_HEADER_ID).into());
        for (key, id) in [("uid", uid), ("gid", gid)] {
            if id > MAX_HEADER_ID {
                self.record(key, id.to_string());
            }
        }
        let whole = u64::try_from(metadata.mtime_sec).ok().filter(|sec| *sec <= MAX_HEADER_TIME);
        self.header.set_mtime(whole.unwrap_or(0));
        if whole.is_none() || metadata.mtime_nsec != 0 {
            let time = decimal_time(metadata.mtime_sec, metadata.mtime_nsec);
            self.record("mtime", time);
        }
    }
}

/// Records of an extended header: `LENGTH KEY=VALUE\n`, whose length counts all of it.
pub(crate) fn pax_records(records: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, value) in records {
        // A space, an equals sign and the end of the line.
        let rest = key.len() + value.len() + 3;
        let mut len = rest + 1;
        while rest + len.to_string().len() != len {
            len = rest + len.to_string().len();
        }
        bytes.extend(format!("{len} ").into_bytes());
        bytes.extend([key, &b"="[..], value, b"\n"].concat());
    }
    bytes
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
    fn lengths_of_records_count_themselves() {
        for value_len in [0, 1, 87, 88, 89, 90, 91, 92, 985, 986, 987, 990] {
            let records = pax_records(&[(b"key".to_vec(), vec![b'v'; value_len])]);
            let text = String::from_utf8_lossy(&records);
            let len = text.split(' ').next().unwrap_or_default();
            assert_eq!(len, records.len().to_string(), "{text}");
            assert!(text.ends_with(&format!(" key={}\n", "v".repeat(value_len))));
        }
    }

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
