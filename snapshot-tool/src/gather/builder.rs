//! Directories of the disk -> a [`Tree`] and the plan of its contents.
//!
//! Reads names and metadata only; contents are read by `contents_plan`, to find equal
//! ones and when the contents are written. What the result is depends on the directories alone: not
//! on the order in which the disk lists them, nor on who runs the tool.

use crate::disk::input::kind_name;
use crate::disk::temporary::is_temporary;
use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::gather::assembly::{Entries, Identity, Node, NodeKind, finish, flatten, paths_of_files};
use crate::gather::contents_plan::{ContentsPlan, FileContents, SharedBytes};
use crate::gather::host_file::HostFile;
use crate::gather::ignore_rules::{IGNORE_FILE, IgnoreRules};
use crate::gather::packed_tree::PackedTree;
use crate::progress::{Progress, Silent, Stage};
use crate::tree::guest_path::{DirMapping, GuestPath};
use crate::tree::{Metadata, Tree};
use anyhow::{Context as _, bail, ensure};
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wasm_vfs_core::Dev;

/// Whose the files are in the tree.
///
/// ```
/// use wasm_vfs::Owner;
///
/// assert_eq!("1000:100".parse::<Owner>()?, Owner::Fixed { uid: 1000, gid: 100 });
/// # Ok::<(), wasm_vfs::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Everything belongs to this user and group, so that the result does not depend on who
    /// made it. The default is 0 and 0.
    Fixed {
        /// User.
        uid: u32,
        /// Group.
        gid: u32,
    },
    /// Each file keeps the user and group that it has on the disk.
    Host,
}

impl std::str::FromStr for Owner {
    type Err = Error;

    /// Reads `host` or `UID:GID`.
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self::written(text).of_kind(ErrorKind::Policy)?)
    }
}

impl Owner {
    fn written(text: &str) -> InnerResult<Self> {
        if text == "host" {
            return Ok(Self::Host);
        }
        let ids = text.split_once(':').and_then(|(u, g)| Some((u.parse().ok()?, g.parse().ok()?)));
        match ids {
            Some((uid, gid)) => Ok(Self::Fixed { uid, gid }),
            None => bail!("owner `{text}` is neither `host` nor `UID:GID` in numbers"),
        }
    }
}

/// Says what goes into a tree.
///
/// ```
/// use wasm_vfs::TreeBuilder;
///
/// # let directory = tempfile::tempdir()?;
/// # std::env::set_current_dir(&directory)?;
/// # std::fs::create_dir("site")?;
/// # std::fs::write("site/index.html", "<p>")?;
/// # std::fs::write("site/index.html.bak", "<p>")?;
/// let tree = TreeBuilder::new().dir("site", "/www").file("/etc/version", "1.2\n").exclude("*.bak");
/// // What would be packed:
/// assert_eq!(tree.read()?.totals().files, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TreeBuilder {
    /// The tree beneath all others.
    base: Option<Arc<PackedTree>>,
    sources: Vec<(Source, String)>,
    excludes: Vec<String>,
    tmp: bool,
    dev: bool,
    owner: Owner,
    latest_mtime_sec: Option<i64>,
    /// Device and inode of each file of the disk to leave out.
    left_out: Vec<(u64, u64)>,
    /// Where overlays are: directories that are made if they are missing.
    overlay_points: Vec<GuestPath>,
}

#[derive(Clone, Debug)]
enum Source {
    HostDirectory(PathBuf),
    Bytes(Arc<[u8]>),
    /// A directory of the WASI host will be there when the program runs.
    MountPoint,
}

impl Source {
    fn is_mount_point(&self) -> bool {
        matches!(self, Self::MountPoint)
    }

    fn describe(&self) -> String {
        match self {
            Self::HostDirectory(path) => format!("directory `{}`", path.display()),
            Self::Bytes(_) => "a file given as bytes".to_owned(),
            Self::MountPoint => "a mount".to_owned(),
        }
    }
}

impl Default for TreeBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl TreeBuilder {
    /// A tree with nothing but an empty `/tmp`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            base: None,
            sources: Vec::new(),
            excludes: Vec::new(),
            tmp: true,
            dev: false,
            owner: Owner::Fixed { uid: 0, gid: 0 },
            latest_mtime_sec: None,
            left_out: Vec::new(),
            overlay_points: Vec::new(),
        }
    }

    /// Puts a directory of the disk, with all beneath it, at a guest path.
    ///
    /// Several may nest. A directory mapped beneath another hides what the outer one has at that
    /// path, as mounting does; directories missing on the way are made.
    #[must_use]
    pub fn dir(mut self, host: impl Into<PathBuf>, guest: impl Into<String>) -> Self {
        self.sources.push((Source::HostDirectory(host.into()), guest.into()));
        self
    }

    /// Puts a directory of the disk where a mapping read from text says.
    #[must_use]
    pub fn mapping(self, mapping: DirMapping) -> Self {
        let guest = mapping.guest.to_string();
        self.dir(mapping.host, guest)
    }

    /// Puts a file with these contents at a guest path: mode 0644, dated 1970.
    #[must_use]
    pub fn file(mut self, guest: impl Into<String>, contents: impl Into<Vec<u8>>) -> Self {
        self.sources.push((Source::Bytes(contents.into().into()), guest.into()));
        self
    }

    /// Lays everything over the tree of a packed module: directories merge, and else what is given
    /// here wins.
    #[must_use]
    pub(crate) fn base(mut self, base: Arc<PackedTree>) -> Self {
        self.base = Some(base);
        self
    }

    /// Makes an empty directory for a mount. What is mapped there is hidden by it.
    #[must_use]
    pub(crate) fn mount_point(mut self, guest: &GuestPath) -> Self {
        self.sources.push((Source::MountPoint, guest.to_string()));
        self
    }

    /// Makes a directory for an overlay, unless one is mapped there.
    #[must_use]
    pub(crate) fn overlay_point(mut self, guest: &GuestPath) -> Self {
        self.overlay_points.push(guest.clone());
        self
    }

    /// Leaves out what matches a pattern of `.gitignore` syntax, in every mapped directory. As for
    /// git's own `--exclude`, a `#` begins no comment here, and spaces at the end count.
    #[must_use]
    pub fn exclude(mut self, pattern: impl Into<String>) -> Self {
        self.excludes.push(pattern.into());
        self
    }

    /// Whether there is a `/tmp` of mode 1777 even if no mapped directory has one. The default
    /// is yes: programs expect it.
    #[must_use]
    pub fn tmp(mut self, present: bool) -> Self {
        self.tmp = present;
        self
    }

    /// Whether there is a `/dev` with `null`, `zero`, `full`, `random`, `urandom`, `tty`, `fd`,
    /// `stdin`, `stdout` and `stderr`, but for those that a mapped directory has. The default is
    /// no; [`Packer`](crate::Packer) chooses it by its policy.
    #[must_use]
    pub fn dev(mut self, present: bool) -> Self {
        self.dev = present;
        self
    }

    /// Whose the files are. The default is user 0 and group 0 for all.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }

    /// Dates whatever is newer than this (seconds since 1970) to this. The command line takes
    /// it from `SOURCE_DATE_EPOCH`.
    #[must_use]
    pub fn latest_mtime(mut self, seconds: i64) -> Self {
        self.latest_mtime_sec = Some(seconds);
        self
    }

    /// Leaves out one file of the disk, if it exists: the output of an earlier run, which may well
    /// be in a directory that is packed. May be called for several.
    #[must_use]
    pub fn leave_out(mut self, host: &Path) -> Self {
        self.left_out.extend(fs::metadata(host).ok().map(|found| (found.dev(), found.ino())));
        self
    }

    /// Reads the directories.
    ///
    /// # Errors
    ///
    /// When a directory is missing, unreadable or no directory; when a guest path is not
    /// absolute, contains `..`, is given twice or passes through something that is no directory;
    /// when a directory holds a device, socket or pipe, or a name that is not UTF-8; when a file
    /// changes while it is read, or has another size than it says (those of /proc); and when more
    /// than 4 GiB of contents remain.
    pub fn read(&self) -> Result<Tree, Error> {
        Ok(self.gather(&Silent).of_kind(ErrorKind::Tree)?.tree)
    }

    /// Reads the directories, and plans their contents.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub(crate) fn gather(&self, progress: &dyn Progress) -> InnerResult<Gathered> {
        progress.begin(Stage::Reading, None);
        let sources = self.placed_sources()?;
        let mut root = Node::implied_directory();
        for (guest, source) in sources.iter().filter(|(_, source)| !source.is_mount_point()) {
            let node = match source {
                Source::HostDirectory(host) => {
                    let rules = IgnoreRules::new(&self.excludes);
                    let elsewhere = sources.iter().map(|(other, _)| other.clone());
                    let elsewhere = elsewhere.filter(|other| other != guest).collect();
                    Scan { options: self, rules, elsewhere, progress }.mapped(host, guest)?
                }
                Source::Bytes(bytes) => Node {
                    metadata: Some(self.made(0o644)),
                    kind: NodeKind::File(FileContents::Bytes(SharedBytes::all(bytes.clone()))),
                    identity: None,
                },
                Source::MountPoint => self.made_directory(0o755),
            };
            *root.place(guest)? = node;
        }
        if let Some(base) = &self.base {
            let over = std::mem::replace(&mut root, base.nodes()?);
            root.merge(over, &GuestPath::root())?;
        }
        // Behind what a packed module may have there.
        for (guest, _) in sources.iter().filter(|(_, source)| source.is_mount_point()) {
            *root.place(guest)? = self.made_directory(0o755);
        }
        for guest in &self.overlay_points {
            let kind = &root.place(guest)?.kind;
            ensure!(
                matches!(kind, NodeKind::Directory(_)),
                "there is {} at {guest}, where the overlay is to be; it takes a directory",
                kind.name()
            );
        }
        if self.tmp
            && let NodeKind::Directory(entries) = &mut root.kind
        {
            entries.entry("tmp".to_owned()).or_insert_with(|| self.made_directory(0o1777));
        }
        if self.dev {
            self.add_devices(&mut root);
        }
        let (entries, contents) = flatten(root, self.made(0o755));
        let (contents, ranges) = ContentsPlan::new(contents, &paths_of_files(&entries), progress)?;
        Ok(Gathered { tree: finish(entries, &ranges, progress)?, contents })
    }

    /// The sources by guest path, outer ones first.
    fn placed_sources(&self) -> InnerResult<Vec<(GuestPath, &Source)>> {
        let mut sources: Vec<(GuestPath, &Source)> = Vec::new();
        for (source, guest) in &self.sources {
            sources.push((guest.parse()?, source));
        }
        sources.sort_by(|(a, _), (b, _)| a.cmp(b));
        for pair in sources.windows(2) {
            let [(a, first), (b, second)] = pair else { continue };
            if let Source::MountPoint = first
                && b.is_beneath(a)
                && a != b
            {
                let second = second.describe();
                bail!("{second} at {b} would be hidden by the mount at {a}; map it elsewhere");
            }
            if a == b {
                let (first, second) = (first.describe(), second.describe());
                bail!("{first} and {second} are both mapped to {a}; give each its own guest path");
            }
        }
        Ok(sources)
    }

    /// Metadata of what is in no mapped directory.
    fn made(&self, mode: u16) -> Metadata {
        let (uid, gid) = match self.owner {
            Owner::Fixed { uid, gid } => (uid, gid),
            Owner::Host => (0, 0),
        };
        Metadata { mode, uid, gid, mtime_sec: 0, mtime_nsec: 0 }
    }

    fn made_directory(&self, mode: u16) -> Node {
        Node {
            metadata: Some(self.made(mode)),
            kind: NodeKind::Directory(Entries::default()),
            identity: None,
        }
    }

    /// Adds `/dev`, without replacing anything.
    fn add_devices(&self, root: &mut Node) {
        let NodeKind::Directory(entries) = &mut root.kind else { return };
        let dev = entries.entry("dev".to_owned()).or_insert_with(|| self.made_directory(0o755));
        let NodeKind::Directory(entries) = &mut dev.kind else { return };
        let mut add = |name: &str, mode, kind| {
            let node = || Node { metadata: Some(self.made(mode)), kind, identity: None };
            entries.entry(name.to_owned()).or_insert_with(node);
        };
        for (name, dev) in [
            ("full", Dev::FULL),
            ("null", Dev::NULL),
            ("random", Dev::RANDOM),
            ("tty", Dev::TTY),
            ("urandom", Dev::URANDOM),
            ("zero", Dev::ZERO),
        ] {
            add(name, 0o666, NodeKind::CharDevice(dev));
        }
        add("fd", 0o555, NodeKind::DescriptorDirectory);
        // Relative, for a program that finds `/dev` open and nothing above.
        for (fd, name) in ["stdin", "stdout", "stderr"].into_iter().enumerate() {
            add(name, 0o777, NodeKind::Symlink(format!("fd/{fd}").into_bytes()));
        }
    }
}

/// A tree, and where the contents of its files are.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) tree: Tree,
    /// To be read from the disk when they are written.
    pub(crate) contents: ContentsPlan,
}

/// The reading of one mapped directory.
struct Scan<'a> {
    options: &'a TreeBuilder,
    rules: IgnoreRules,
    /// Guest paths of the other sources: what is there is hidden, so it is not read.
    elsewhere: HashSet<GuestPath>,
    progress: &'a dyn Progress,
}

impl Scan<'_> {
    fn mapped(&mut self, host: &Path, guest: &GuestPath) -> InnerResult<Node> {
        let found = fs::metadata(host)
            .with_context(|| format!("cannot read host directory `{}`", host.display()))?;
        if !found.is_dir() {
            bail!("`{}` is not a directory; map the directory that holds it", host.display());
        }
        Ok(Node {
            metadata: Some(self.metadata(&found)?),
            kind: self.directory(host, guest)?,
            identity: None,
        })
    }

    fn directory(&mut self, host: &Path, guest: &GuestPath) -> InnerResult<NodeKind> {
        let unreadable = || format!("cannot read host directory `{}`", host.display());
        let mut found = Vec::new();
        let mut has_ignore_file = false;
        for entry in fs::read_dir(host).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            has_ignore_file |= entry.file_name() == IGNORE_FILE;
            found.push(entry);
        }
        self.rules.enter(host, has_ignore_file)?;
        let mut entries = BTreeMap::new();
        for entry in found {
            let path = entry.path();
            let metadata =
                entry.metadata().with_context(|| format!("cannot read `{}`", path.display()))?;
            if self.leaves_out(&entry.file_name(), &metadata) {
                continue;
            }
            let Ok(name) = entry.file_name().into_string() else {
                bail!(
                    "the name of `{}` is not UTF-8, so no WASI program could open it; \
                     rename it or leave it out with --exclude",
                    path.display()
                );
            };
            let guest = guest.join(&name);
            if !self.elsewhere.contains(&guest) {
                entries.insert(name, self.node(path, &guest, &metadata)?);
            }
        }
        self.rules.leave();
        Ok(NodeKind::Directory(entries.into()))
    }

    fn leaves_out(&self, name: &OsStr, found: &fs::Metadata) -> bool {
        self.options.left_out.contains(&(found.dev(), found.ino()))
            || is_temporary(name)
            || self.rules.excludes(name, found.is_dir())
    }

    fn node(
        &mut self,
        path: PathBuf,
        guest: &GuestPath,
        found: &fs::Metadata,
    ) -> InnerResult<Node> {
        self.progress.advance(1);
        let metadata = Some(self.metadata(found)?);
        let file_type = found.file_type();
        let kind = if file_type.is_dir() {
            self.directory(&path, guest)?
        } else if file_type.is_file() {
            NodeKind::File(FileContents::Host(HostFile::found(path, found)))
        } else if file_type.is_symlink() {
            let target = fs::read_link(&path)
                .with_context(|| format!("cannot read symbolic link `{}`", path.display()))?;
            NodeKind::Symlink(target.as_os_str().as_bytes().to_vec())
        } else {
            bail!(
                "`{}` is {}, which cannot be packed; leave it out with --exclude",
                path.display(),
                kind_name(file_type)
            );
        };
        let linked = found.nlink() > 1 && !file_type.is_dir();
        Ok(Node {
            metadata,
            kind,
            identity: linked.then(|| Identity::Host(found.dev(), found.ino())),
        })
    }

    fn metadata(&self, found: &fs::Metadata) -> InnerResult<Metadata> {
        let (uid, gid) = match self.options.owner {
            Owner::Fixed { uid, gid } => (uid, gid),
            Owner::Host => (found.uid(), found.gid()),
        };
        let (mut mtime_sec, mut mtime_nsec) = (found.mtime(), u32::try_from(found.mtime_nsec())?);
        if let Some(latest) = self.options.latest_mtime_sec
            && mtime_sec >= latest
        {
            (mtime_sec, mtime_nsec) = (latest, 0);
        }
        let mode = u16::try_from(found.mode() & 0o7777)?;
        Ok(Metadata { mode, uid, gid, mtime_sec, mtime_nsec })
    }
}
