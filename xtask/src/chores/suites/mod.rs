//! Test suites that others wrote for filesystems, run on a mount of fs-core: [`pjdfstest`] and
//! [`fsx`].
//!
//! [`fuse_mount`] mounts fs-core through the kernel. A machine that cannot mount leaves the suites
//! out.

pub(crate) mod fsx;
mod fuse_mount;
pub(crate) mod pjdfstest;

use anyhow::{Result, bail};

use crate::left_out::LeftOut;

/// Runs both suites, fsx for a few seconds only.
///
/// # Errors
///
/// The errors of either suite. The second one runs even if the first one fails.
pub(crate) fn both(left_out: &mut LeftOut) -> Result<()> {
    let posix = fuse_mount::or_leave_out(left_out, "pjdfstest on fs-core", pjdfstest::compare);
    let exerciser = fuse_mount::or_leave_out(left_out, "fsx on fs-core", || {
        fsx::exercise(&fsx::Options::SMOKE)
    });
    match (posix, exerciser) {
        (Err(first), Err(second)) => bail!("{first:#}; {second:#}"),
        (posix, exerciser) => posix.and(exerciser),
    }
}
