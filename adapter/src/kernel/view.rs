//! The two ways in which a program sees its one process: preview1's and Linux's.
//!
//! Both have the same descriptors, current directory and umask. They differ in which paths lead
//! where and in which descriptors are given out. The view is set whenever a call comes in, so that
//! one that never returned leaves nothing behind.

use wasm_vfs_core::ResolveFlags;

use super::state::Kernel;

/// Where preview1's paths lead: beneath the descriptor that they start from.
pub(crate) const PREVIEW1_PATHS: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::ABSOLUTE_LINKS);

/// The lowest descriptor that preview1 opens: the numbers of the standard streams are only taken by
/// `fd_renumber`.
pub(crate) const PREVIEW1_FIRST_FD: u32 = 3;

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

impl Kernel {
    /// Ends baking: from now on the program sees its process.
    pub(crate) fn begin_views(&mut self) {
        self.process.confine(PREVIEW1_PATHS);
        self.process.keep_fds_below(PREVIEW1_FIRST_FD);
        #[cfg(feature = "calls")]
        {
            let is_root =
                |it: &super::settings::Preopen| (&*it.name, &*it.tree_path) == (b"/", b"/");
            let whole = self.settings.preopens.iter().any(is_root);
            // Without the root directory the program was given single directories, and no path
            // leads out of them.
            let paths = if whole { ResolveFlags::empty() } else { ResolveFlags::BENEATH };
            self.settings.linux_paths = Some(paths);
        }
    }

    /// Takes a view, once there are any.
    #[cfg(feature = "calls")]
    #[inline]
    pub(super) fn look_as(&mut self, view: View) {
        let Some(linux) = self.settings.linux_paths else { return };
        let (paths, lowest) = match view {
            View::Preview1 => (PREVIEW1_PATHS, PREVIEW1_FIRST_FD),
            View::Linux => (linux, 0),
        };
        self.process.confine(paths);
        self.process.keep_fds_below(lowest);
    }
}
