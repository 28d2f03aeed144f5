//! The two ways in which a program sees its one process: preview1's and Linux's.
//!
//! Both have the same descriptors, current directory and umask. They differ in which paths lead
//! where and in which descriptors are given out. The view is set whenever a call comes in, so that
//! one that never returned leaves nothing behind.

use wasm_vfs_core::{Process, ResolveFlags};

use super::settings::Settings;

/// Where preview1's paths lead: beneath the descriptor that they start from.
const PREVIEW1_PATHS: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::ABSOLUTE_LINKS);

/// The lowest descriptor that preview1 opens: the numbers of the standard streams are only taken by
/// `fd_renumber`.
const PREVIEW1_FIRST_FD: u32 = 3;

/// A way to see the process.
#[cfg(feature = "calls")]
#[derive(Clone, Copy)]
pub(super) enum View {
    /// Each path is beneath its descriptor, and no call opens one of the numbers of the standard
    /// streams: preview1's rules.
    Preview1,
    /// Paths lead where Linux's lead, and the lowest free descriptor is opened.
    Linux,
}

/// Ends baking: from now on the program sees its process.
pub(crate) fn begin(
    process: &mut Process,
    #[allow(unused_variables, reason = "of calls alone")] settings: &mut Settings,
) {
    process.confine(PREVIEW1_PATHS);
    process.keep_fds_below(PREVIEW1_FIRST_FD);
    #[cfg(feature = "calls")]
    {
        let whole = settings.gives_the_root();
        let paths = if whole { ResolveFlags::empty() } else { ResolveFlags::BENEATH };
        settings.linux_paths = Some(paths);
    }
}

#[cfg(feature = "calls")]
impl View {
    /// Takes the view, once there are any.
    #[inline]
    pub(super) fn take(self, process: &mut Process, settings: &Settings) {
        let Some(linux) = settings.linux_paths else { return };
        let (paths, lowest) = match self {
            View::Preview1 => (PREVIEW1_PATHS, PREVIEW1_FIRST_FD),
            View::Linux => (linux, 0),
        };
        process.confine(paths);
        process.keep_fds_below(lowest);
    }
}
