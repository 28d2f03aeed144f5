//! The structures of 64-bit Linux, as they are in memory.

use wasm_vfs_calls::Layout;

use crate::outcome::{Meta, Value, time_text};

/// Room for a structure.
pub fn room(layout: Layout) -> super::Word {
    super::Word::buffer(layout.bytes().into())
}

/// Reads numbers out of a structure.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.0[at..at + 2].try_into().unwrap())
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().unwrap())
    }

    /// A `struct timespec`, or `struct statx_timestamp`.
    fn time(&self, at: usize) -> (i64, u32) {
        (self.u64(at).cast_signed(), self.u32(at + 8))
    }
}

/// Times of a file: all inotify descriptors share an inode, whose times are those of the system's
/// start.
fn times<const N: usize>(fields: &Fields<'_>, mode: u32, at: [usize; N]) -> [(i64, u32); N] {
    at.map(|at| if mode & libc::S_IFMT == 0 { (0, 0) } else { fields.time(at) })
}

/// `struct stat` of x86-64.
pub fn stat(bytes: &[u8]) -> Meta {
    let it = Fields(bytes);
    let mode = it.u32(24);
    Meta {
        // Unique among all filesystems.
        ino: it.u64(8) ^ (it.u64(0) << 40),
        nlink: it.u64(16),
        mode,
        uid: it.u32(28),
        gid: it.u32(32),
        rdev: it.u64(40),
        size: it.u64(48),
        blocks: it.u64(64),
        times: times(&it, mode, [72, 88, 104]),
    }
}

/// `struct statfs`, of which so many inodes are above the tree.
pub fn statfs(bytes: &[u8], inodes_above: u64) -> Value {
    let it = Fields(bytes);
    Value::Text(format!(
        "type={:x} blocks={} free={} available={} files={} files_free={} namelen={} bsize={} ro={}",
        it.u64(0),
        it.u64(16),
        it.u64(24),
        it.u64(32),
        it.u64(40).saturating_sub(inodes_above),
        it.u64(48),
        it.u64(64),
        it.u64(8),
        it.u64(80) & 1
    ))
}

/// `struct statx`.
pub fn statx(bytes: &[u8]) -> Value {
    let it = Fields(bytes);
    let mode = it.u16(28);
    let [atime, btime, ctime, mtime] = times(&it, mode.into(), [64, 80, 96, 112]).map(time_text);
    Value::Text(format!(
        "mask={:x} blksize={} attributes={:x} of={:x} nlink={} uid={} gid={} mode={mode:o} size={} blocks={} \
         rdev={}:{} atime={atime} btime={btime} ctime={ctime} mtime={mtime}",
        it.u32(0),
        it.u32(4),
        it.u64(8),
        it.u64(56),
        it.u32(16),
        it.u32(20),
        it.u32(24),
        it.u64(40),
        it.u64(48),
        it.u32(128),
        it.u32(132),
    ))
}

#[test]
fn offsets_are_those_of_the_c_library() {
    use std::mem::offset_of;
    let stat = [
        offset_of!(libc::stat, st_dev),
        offset_of!(libc::stat, st_ino),
        offset_of!(libc::stat, st_nlink),
        offset_of!(libc::stat, st_mode),
        offset_of!(libc::stat, st_uid),
        offset_of!(libc::stat, st_gid),
        offset_of!(libc::stat, st_rdev),
        offset_of!(libc::stat, st_size),
        offset_of!(libc::stat, st_blocks),
        offset_of!(libc::stat, st_atime),
        offset_of!(libc::stat, st_mtime),
        offset_of!(libc::stat, st_ctime),
        size_of::<libc::stat>(),
    ];
    assert_eq!(stat, [0, 8, 16, 24, 28, 32, 40, 48, 64, 72, 88, 104, 144]);
    let statx = [
        offset_of!(libc::statx, stx_mode),
        offset_of!(libc::statx, stx_size),
        offset_of!(libc::statx, stx_attributes_mask),
        offset_of!(libc::statx, stx_atime),
        offset_of!(libc::statx, stx_mtime),
        offset_of!(libc::statx, stx_rdev_major),
        size_of::<libc::statx>(),
    ];
    assert_eq!(statx, [28, 40, 56, 64, 112, 128, 256]);
    assert_eq!(size_of::<libc::statfs>(), Layout::Statfs.bytes() as usize);
}
