//! What a random sequence has more of than others, and how often each call comes in it.

use crate::kernel::Limits;

/// What a sequence has more of than others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Nothing.
    Files,
    /// Pipes, and bytes from descriptor to descriptor.
    Pipes,
    /// Inotify.
    Notify,
    /// Mappings that are read.
    Loads,
    /// Mappings that are also written. Files are whole pages then: see [`Theme::whole_pages`].
    Stores,
    /// Several processes and credentials.
    Processes,
    /// Locks, and processes that have them.
    Locks,
    /// Root directories and current directories.
    Roots,
    /// All that is above but mappings.
    Everything,
}

impl Theme {
    /// The theme of a seed.
    pub fn of(seed: u64, limits: Limits) -> Theme {
        match seed % 8 {
            1 => Theme::Pipes,
            2 => Theme::Notify,
            // Where room runs out: see `Pages`.
            3 if limits == ROOMY => Theme::Loads,
            4 if limits == ROOMY => Theme::Stores,
            5 => Theme::Processes,
            6 => Theme::Everything,
            7 if seed & 8 == 0 => Theme::Locks,
            7 => Theme::Roots,
            _ => Theme::Files,
        }
    }

    /// Whether there are mappings.
    pub fn maps(self) -> bool {
        matches!(self, Theme::Loads | Theme::Stores)
    }

    /// DEVIATIONS.md: what is stored behind the end of a file in its last page is dropped. There is
    /// no such place in these sequences.
    pub fn whole_pages(self) -> bool {
        self == Theme::Stores
    }

    /// How often a call comes, beside the others.
    pub fn weight(self, name: &str) -> u64 {
        let find = |table: &[(&str, u64)]| {
            table.iter().find(|(known, _)| *known == name).map(|&(_, weight)| weight)
        };
        let more = |theme: Theme| match self {
            Theme::Everything => !theme.maps(),
            // Two processes are what makes a lock one.
            Theme::Locks => matches!(theme, Theme::Locks | Theme::Processes),
            own => own == theme,
        };
        let of_theme =
            |theme, table| find(table).map(|weight| if more(theme) { weight } else { 1 });
        if let Some(weight) = find(MAPPING_CALLS) {
            let stores = name != "store" || self == Theme::Stores;
            return if self.maps() && stores { weight } else { 0 };
        }
        // How many pages are taken, and bytes that are no whole page.
        let of_pages = ["statfs", "fstatfs", "pipe2", "writev", "pwritev", "pwritev2"];
        // DEVIATIONS.md: a store sets the times again; only "now" can be compared.
        let of_times = ["utime", "utimes", "futimesat", "utimensat", "futimens"];
        // DEVIATIONS.md: on Linux a mapping keeps the description open.
        let of_descriptions = ["flock", "ofd_setlk", "inotify_add_watch"];
        if self.maps() && (of_pages.contains(&name) || of_descriptions.contains(&name))
            || self == Theme::Stores && of_times.contains(&name)
        {
            return 0;
        }
        of_theme(Theme::Pipes, PIPE_CALLS)
            .or_else(|| of_theme(Theme::Notify, NOTIFY_CALLS))
            .or_else(|| of_theme(Theme::Locks, LOCK_CALLS))
            .or_else(|| of_theme(Theme::Roots, ROOT_CALLS))
            .or_else(|| of_theme(Theme::Processes, PROCESS_CALLS))
            .or_else(|| find(WEIGHTS))
            .unwrap_or(1)
    }

    /// Calls that give the others something to work on.
    pub fn preparation(self) -> &'static [&'static str] {
        match self {
            Theme::Files => &[],
            Theme::Pipes => &[
                "pipe2 NONBLOCK",
                "openat @ a CREAT|RDWR 644",
                "write 2 {a*5000}{b*5000}",
                "eventfd2 0 NONBLOCK",
            ],
            Theme::Locks => &[
                "openat @ a CREAT|RDWR 666",
                "write 0 {a*10}",
                "openat @ a RDWR 0",
                "dup 1",
                "fork 1",
            ],
            Theme::Roots => &[
                "openat @ / RDONLY 0",
                "mkdir a 777",
                "mkdir a/b 777",
                "openat @ a/b RDONLY 0",
                "fork 1",
            ],
            Theme::Notify => &[
                "inotify_init1 NONBLOCK",
                "inotify_add_watch 0 . ALL_EVENTS",
                "mkdir a 755",
                "inotify_add_watch 0 a ALL_EVENTS",
            ],
            Theme::Loads => &[
                "openat @ a CREAT|RDWR 644",
                "pwrite 0 {x*4096}{y*4096}{z*4000} 0",
                "mmap 0 16384 READ SHARED|FIXED 0 0",
                "mmap 16384 16384 READ PRIVATE|FIXED 0 0",
            ],
            Theme::Stores => &[
                "openat @ a CREAT|RDWR 644",
                "pwrite 0 {x*4096}{y*4096}{z*4096} 0",
                "mmap 0 16384 READ|WRITE SHARED|FIXED 0 0",
                "mmap 16384 16384 READ|WRITE PRIVATE|FIXED 0 0",
            ],
            Theme::Processes => &["openat @ a CREAT|RDWR 666", "fork 1"],
            Theme::Everything => {
                &["pipe2 NONBLOCK", "inotify_init1 NONBLOCK", "eventfd2 1 NONBLOCK", "fork 1"]
            }
        }
    }
}

/// Calls on mappings: only where a theme has them.
const MAPPING_CALLS: &[(&str, u64)] = &[
    ("mmap", 16),
    ("munmap", 5),
    ("mprotect", 5),
    ("mlock", 1),
    ("munlock", 1),
    ("msync", 2),
    ("load", 24),
    ("store", 24),
];

/// Calls on pipes: so often where a theme has them, else once.
const PIPE_CALLS: &[(&str, u64)] = &[
    ("pipe2", 12),
    ("getpipe_sz", 2),
    ("setpipe_sz", 5),
    ("fionread", 5),
    ("poll", 6),
    ("eventfd2", 4),
    ("event_read", 10),
    ("event_write", 10),
    ("sendfile", 12),
    ("splice", 16),
    ("tee", 12),
    ("vmsplice", 10),
    ("vmsplice_to", 10),
];

/// Calls on inotify instances.
const NOTIFY_CALLS: &[(&str, u64)] =
    &[("inotify_init1", 5), ("inotify_add_watch", 24), ("inotify_rm_watch", 4), ("events", 30)];

/// Calls on locks.
const LOCK_CALLS: &[(&str, u64)] =
    &[("getlk", 16), ("setlk", 32), ("ofd_getlk", 10), ("ofd_setlk", 16), ("dup2", 4)];

/// Calls on root directories, and on current ones.
const ROOT_CALLS: &[(&str, u64)] = &[("chroot", 10), ("fchdir", 12), ("getcwd", 16), ("chdir", 8)];

/// Calls on processes.
const PROCESS_CALLS: &[(&str, u64)] =
    &[("fork", 5), ("switch", 16), ("exit", 4), ("become_user", 6), ("become_ids", 10)];

/// How often a call comes, beside the others; 1 if it is not here.
const WEIGHTS: &[(&str, u64)] = &[
    ("openat", 24),
    ("creat", 4),
    ("close", 8),
    ("write", 8),
    ("pwrite", 8),
    ("pread", 3),
    ("read", 3),
    ("mkdir", 8),
    ("mkdirat", 4),
    ("rmdir", 4),
    ("unlink", 5),
    ("rename", 10),
    ("renameat2", 8),
    ("link", 6),
    ("symlink", 6),
    ("truncate", 4),
    ("ftruncate", 5),
    ("fallocate", 6),
    ("chmod", 5),
    ("chown", 3),
    ("openat2", 4),
    ("chdir", 2),
    ("copy_file_range", 4),
    ("flock", 3),
    ("setxattr", 4),
    ("removexattr", 2),
    // They would hide what follows.
    ("fill_descriptors", 0),
    // How much fits depends on the order, which is each world's own. `list` and `list_types` have
    // them.
    ("getdents", 0),
    ("getdents64", 0),
];

/// Limits that sequences do not reach, but for what would take all memory (`fallocate` of the
/// largest size).
pub const ROOMY: Limits = Limits { pages: 1 << 14, inodes: 0 };

/// The limits that a batch of seeds has.
pub fn limits_of(batch: u64) -> Limits {
    match batch % 4 {
        0 => Limits { pages: 12, inodes: 0 },
        1 => Limits { pages: 1 << 14, inodes: 9 },
        _ => ROOMY,
    }
}
