//! Settings of a filesystem.

/// When reading updates the access time (mount(8): `noatime`, `relatime`, `strictatime`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessTimes {
    /// Never. Reading then costs no clock reading.
    #[default]
    Never,
    /// When it is not after the modification or change time, or more than a day old.
    Relative,
    /// Always.
    Strict,
}

/// Limits and choices, fixed when a filesystem is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many bytes of pages files may take in all, as tmpfs's `size=`. 0: no limit but memory.
    pub max_bytes: u64,
    /// How many inodes there may be, the root included, as tmpfs's `nr_inodes=`. 0: no limit but
    /// memory.
    pub max_inodes: u32,
    /// One more than the highest descriptor of a new process (`RLIMIT_NOFILE`).
    pub max_fds: u32,
    /// When reading updates the access time.
    pub access_times: AccessTimes,
    /// A process may link to a file only if it owns it, or may read and write it and it is no
    /// program with set-id bits (`/proc/sys/fs/protected_hardlinks`).
    pub protected_hardlinks: bool,
    /// The permission bits of the root directory.
    pub root_mode: u32,
    /// Nothing in the tree may be changed (mount(8): `ro`): `EROFS`. Most are made writable,
    /// filled, and then changed by [`Fs::remount`](crate::Fs::remount).
    pub read_only: bool,
}

impl Default for Config {
    /// No limits but memory; 65,536 descriptors; no access times; no protection of hard links, as
    /// the kernel's own default is; a root directory of mode 0755; writable.
    fn default() -> Config {
        Config {
            max_bytes: 0,
            max_inodes: 0,
            max_fds: 65_536,
            access_times: AccessTimes::default(),
            protected_hardlinks: false,
            root_mode: 0o755,
            read_only: false,
        }
    }
}
