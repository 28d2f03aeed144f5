//! umask.

use core::mem::swap;

use crate::base::stat::S_IRWXUGO;
use crate::fs::Fs;
use crate::objects::process::Process;
use crate::platform::Platform;

impl<P: Platform> Fs<P> {
    /// `mode_t umask(mode_t mask)`
    ///
    /// Sets the permission bits that new files do not get; returns those of before.
    pub fn umask(&self, process: &mut Process, mask: u32) -> u32 {
        let mut before = mask & S_IRWXUGO;
        swap(&mut process.umask, &mut before);
        before
    }
}
