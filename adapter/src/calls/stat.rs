//! stat(2), statx(2), statfs(2).

use wasm_vfs_core::Stat;

use super::on_path;
use super::user::range;
use crate::memory::user::UserRange;

/// Bytes of `struct stat` of x86-64.
const STAT_BYTES: u32 = 144;

/// Stores a `struct stat` of x86-64.
fn store_stat(out: UserRange, stat: &Stat) {
    let mut out = out;
    let mut put = |word: u64| out.take(8).store_u64(0, word);
    put(stat.st_dev.0);
    put(stat.st_ino);
    put(u64::from(stat.st_nlink));
    put(u64::from(stat.st_mode) | u64::from(stat.st_uid) << 32);
    put(u64::from(stat.st_gid));
    put(stat.st_rdev.0);
    put(stat.st_size);
    put(u64::from(stat.st_blksize));
    put(stat.st_blocks);
    for time in [stat.st_atime, stat.st_mtime, stat.st_ctime] {
        put(time.tv_sec.cast_unsigned());
        put(u64::from(time.tv_nsec));
    }
    for _ in 0..3 {
        put(0);
    }
}

#[unsafe(export_name = "SYS_stat")]
extern "C" fn stat(pathname: u32, statbuf: u32) -> i64 {
    on_path(pathname, |kernel, path| {
        let stat = kernel.fs.stat(&kernel.process, path)?;
        store_stat(range(statbuf, STAT_BYTES)?, &stat);
        Ok(())
    })
}
