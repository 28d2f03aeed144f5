//! Directories and files of the disk, and archives -> a [`Tree`] and the plan of its contents.
//!
//! Reads names and metadata only; contents are read by `contents_plan`, to find equal
//! ones and when the contents are written. What the result is depends on these alone: not
//! on the order in which the disk lists them, nor on who runs the tool.

use crate::disk::input::{FinalLink, kind_name, open_regular};
use crate::disk::stamp::Stamp;
use crate::disk::temporary::is_temporary;
use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::gather::archive::source::ArchiveSource;
use crate::gather::archive::tree as archive_tree;
use crate::gather::assembly::{
    DEVICES, Entries, Identity, MAX_LINK_BYTES, Node, NodeKind, finish, flatten, paths_of_files,
    set_mode,
};
use crate::gather::contents_plan::ContentsPlan;
use crate::gather::file_contents::{FileContents, SharedBytes};
use crate::gather::host_file::HostFile;
use crate::gather::ignore_rules::{IGNORE_FILE, IgnoreRules};
use crate::gather::owner::{Attributes, Owner};
use crate::gather::packed_tree::PackedTree;
use crate::progress::{Progress, Silent, Stage};
use crate::tree::guest_path::{DirMapping, GuestPath};
use crate::tree::{Metadata, Tree};
use anyhow::{Context as _, bail, ensure};
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    attributes: Attributes,
    /// Permission bits of entries, which replace those that their sources give.
    modes: Vec<(String, u32)>,
    /// Device and inode of each file of the disk to leave out.
    left_out: Vec<(u64, u64)>,
    /// Where overlays are: directories that are made if they are missing.
    overlay_points: Vec<GuestPath>,
}

#[derive(Clone, Debug)]
enum Source {
    HostDirectory(PathBuf),
    Archive(ArchiveSource),
    HostFile(PathBuf),
    Bytes(Arc<[u8]>),
    /// With its text.
    Symlink(String),
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
            Self::Archive(source @ ArchiveSource::File(_)) => format!("archive {source}"),
            Self::Archive(source) => source.to_string(),
            Self::HostFile(path) => format!("file `{}`", path.display()),
            Self::Symlink(_) => "a symbolic link".to_owned(),
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
            attributes: Attributes {
                owner: Owner::Fixed { uid: 0, gid: 0 },
                latest_mtime_sec: None,
            },
            modes: Vec::new(),
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

    /// Puts what a tar archive holds at a guest path: plain, or compressed with gzip or zstd.
    ///
    /// A plain archive is read in place, when the output is written; it must not change until then.
    /// What is compressed is unpacked into a temporary file. A later member replaces an earlier one
    /// of its name. What the archive says of its directory `./` is said of the guest path.
    ///
    /// ```
    /// use wasm_vfs::TreeBuilder;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # std::env::set_current_dir(&directory)?;
    /// # let mut archive = tar::Builder::new(std::fs::File::create("site.tar")?);
    /// # let mut header = tar::Header::new_gnu();
    /// # header.set_mode(0o644);
    /// # header.set_size(3);
    /// # archive.append_data(&mut header, "index.html", &b"<p>"[..])?;
    /// # archive.finish()?;
    /// let tree = TreeBuilder::new().tar("site.tar", "/www").read()?;
    /// assert_eq!(tree.totals().files, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tar(mut self, archive: impl Into<PathBuf>, guest: impl Into<String>) -> Self {
        let source = ArchiveSource::File(archive.into());
        self.sources.push((Source::Archive(source), guest.into()));
        self
    }

    /// Puts what a tar archive holds at a guest path, as [`tar`](Self::tar) does. The archive is read
    /// to its end now, into a temporary file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or the temporary file not be written ([`Io`](ErrorKind::Io)); or if it is
    /// compressed and damaged ([`Damaged`](ErrorKind::Damaged)) or compressed in another way
    /// ([`Tree`](ErrorKind::Tree)).
    pub fn tar_stream(
        mut self,
        archive: impl Read,
        guest: impl Into<String>,
    ) -> Result<Self, Error> {
        let source =
            ArchiveSource::stream(archive).about(|| "the archive from a stream".to_owned());
        let source = source.of_kind(ErrorKind::Tree)?;
        self.sources.push((Source::Archive(source), guest.into()));
        Ok(self)
    }

    /// Puts a file of the disk at a guest path, with its permission bits and its date. A symbolic link
    /// is followed.
    #[must_use]
    pub fn host_file(mut self, host: impl Into<PathBuf>, guest: impl Into<String>) -> Self {
        self.sources.push((Source::HostFile(host.into()), guest.into()));
        self
    }

    /// Puts a symbolic link with this text at a guest path, dated 1970.
    #[must_use]
    pub fn symlink(mut self, guest: impl Into<String>, target: impl Into<String>) -> Self {
        self.sources.push((Source::Symlink(target.into()), guest.into()));
        self
    }

    /// Sets the permission bits (with set-id and sticky bits, 07777 at most) of an entry that another
    /// source gives. All names of a file have them.
    #[must_use]
    pub fn mode(mut self, guest: impl Into<String>, mode: u32) -> Self {
        self.modes.push((guest.into(), mode));
        self
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
        self.attributes.owner = owner;
        self
    }

    /// Dates whatever is newer than this (seconds since 1970) to this. The command line takes
    /// it from `SOURCE_DATE_EPOCH`.
    #[must_use]
    pub fn latest_mtime(mut self, seconds: i64) -> Self {
        self.attributes.latest_mtime_sec = Some(seconds);
        self
    }

    /// Leaves out one file of the disk, if it exists: the output of an earlier run, which may well
    /// be in a directory that is packed. May be called for several.
    #[must_use]
    pub fn leave_out(mut self, host: &Path) -> Self {
        self.left_out.extend(fs::metadata(host).ok().map(|found| (found.dev(), found.ino())));
        self
    }

    /// Reads the directories and archives.
    ///
    /// # Errors
    ///
    /// When a directory is missing, unreadable or no directory; when an archive is none, is damaged
    /// ([`Damaged`](ErrorKind::Damaged)), or has a member that would lead out of its place or that no
    /// tree can have; when a guest path is not absolute, contains `..`, is given twice or passes through something that is no directory;
    /// when a directory holds a device, socket or pipe, or a name that is not UTF-8; when a file
    /// changes while it is read, or has another size than it says (those of /proc); and when more
    /// than 4 GiB of contents remain.
    pub fn read(&self) -> Result<Tree, Error> {
        Ok(self.gather(&Silent).of_kind(ErrorKind::Tree)?.tree)
    }

    /// Reads the directories and archives, and plans their contents.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub(crate) fn gather(&self, progress: &dyn Progress) -> InnerResult<Gathered> {
        progress.begin(Stage::Reading, None);
        let sources = self.placed_sources()?;
        let mut root = Node::implied_directory();
        let mut notes = Vec::new();
        let given = sources.iter().enumerate();
        for (number, (guest, source)) in given.filter(|(_, (_, it))| !it.is_mount_point()) {
            let node = match source {
                Source::HostDirectory(host) => {
                    let rules = IgnoreRules::new(&self.excludes);
                    let elsewhere = sources.iter().map(|(other, _)| other.clone());
                    let elsewhere = elsewhere.filter(|other| other != guest).collect();
                    Scan { options: self, rules, elsewhere, progress }.mapped(host, guest)?
                }
                Source::Archive(archive) => {
                    let rules = IgnoreRules::new(&self.excludes);
                    let read =
                        archive_tree::read(archive, number, self.attributes, rules, progress)?;
                    notes.extend(read.notes);
                    read.node
                }
                Source::HostFile(host) => self.named_file(host)?,
                Source::Symlink(target) => self.made_symlink(target)?,
                Source::Bytes(bytes) => Node {
                    metadata: Some(self.attributes.made(0o644)),
                    kind: NodeKind::File(FileContents::Bytes(SharedBytes::all(bytes.clone()))),
                    identity: None,
                },
                Source::MountPoint => self.made_directory(0o755),
            };
            ensure!(
                !guest.names().is_empty() || matches!(node.kind, NodeKind::Directory(_)),
                "{} cannot be /, which is a directory; give it a path in there",
                source.describe()
            );
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
        let (mut entries, contents) = flatten(root, self.attributes.made(0o755));
        for (guest, mode) in &self.modes {
            set_mode(&mut entries, &guest.parse()?, *mode)?;
        }
        let (contents, ranges) = ContentsPlan::new(contents, &paths_of_files(&entries), progress)?;
        Ok(Gathered { tree: finish(entries, &ranges, progress)?, contents, notes })
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

    /// A file of the disk that somebody named.
    fn named_file(&self, host: &Path) -> InnerResult<Node> {
        let (_, found) = open_regular(host, FinalLink::Follow)?;
        let contents = HostFile::named(host, Stamp::of(&found));
        Ok(Node {
            metadata: Some(self.attributes.of(metadata(&found)?)),
            kind: NodeKind::File(FileContents::Host(contents)),
            identity: (found.nlink() > 1).then(|| Identity::Host(found.dev(), found.ino())),
        })
    }

    fn made_symlink(&self, target: &str) -> InnerResult<Node> {
        ensure!(
            !target.is_empty() && !target.contains('\0') && target.len() <= MAX_LINK_BYTES,
            "a symbolic link cannot have the text {target:?}: give it one of 1 to {MAX_LINK_BYTES} bytes, without NUL"
        );
        Ok(Node {
            metadata: Some(self.attributes.made(0o777)),
            kind: NodeKind::Symlink(target.as_bytes().to_vec()),
            identity: None,
        })
    }

    fn made_directory(&self, mode: u16) -> Node {
        Node {
            metadata: Some(self.attributes.made(mode)),
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
            let node = || Node { metadata: Some(self.attributes.made(mode)), kind, identity: None };
            entries.entry(name.to_owned()).or_insert_with(node);
        };
        for (name, dev) in DEVICES {
            add(name, 0o666, NodeKind::CharDevice(dev));
        }
        add("fd", 0o555, NodeKind::DescriptorDirectory);
        // Relative, for a program that finds `/dev` open and nothing above.
        for (fd, name) in ["stdin", "stdout", "stderr"].into_iter().enumerate() {
            add(name, 0o777, NodeKind::Symlink(format!("fd/{fd}").into_bytes()));
        }
        // An archive or a directory has it as an empty directory, as where it is mounted.
        if let Some(Node { kind, .. }) = entries.get_mut("fd")
            && matches!(kind, NodeKind::Directory(beneath) if beneath.is_empty())
        {
            *kind = NodeKind::DescriptorDirectory;
        }
    }
}

/// A tree, and where the contents of its files are.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) tree: Tree,
    /// To be read from the disk when they are written.
    pub(crate) contents: ContentsPlan,
    /// What a person should know, one line each.
    pub(crate) notes: Vec<String>,
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
            metadata: Some(self.options.attributes.of(metadata(&found)?)),
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
        let metadata = Some(self.options.attributes.of(metadata(found)?));
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
}

/// The metadata of what was found on the disk.
fn metadata(found: &fs::Metadata) -> InnerResult<Metadata> {
    Ok(Metadata {
        mode: u16::try_from(found.mode() & 0o7777)?,
        uid: found.uid(),
        gid: found.gid(),
        mtime_sec: found.mtime(),
        mtime_nsec: u32::try_from(found.mtime_nsec())?,
    })
}
