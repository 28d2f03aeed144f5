//! Directories and files of the disk, and archives -> a [`Tree`] and the plan of its contents.
//!
//! Reads names and metadata only; contents are read by `contents_plan`, to find equal
//! ones and when the contents are written. What the result is depends on these alone: not
//! on the order in which the disk lists them, nor on who runs the tool.

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::gather::archive::layer::Laying;
use crate::gather::archive::source::{ArchiveSource, LayerSource};
use crate::gather::archive::tree as archive_tree;
use crate::gather::assembly::{
    DEVICES, Entries, Flat, MAX_LINK_BYTES, Node, NodeKind, finish, flatten, paths_of_files,
    set_mode,
};
use crate::gather::contents_plan::ContentsPlan;
use crate::gather::file_contents::{FileContents, SharedBytes};
use crate::gather::ignore_rules::IgnoreRules;
use crate::gather::image::source::OciImage;
use crate::gather::owner::{Attributes, Owner};
use crate::gather::packed_tree::PackedTree;
use crate::gather::scan::{self, Scan};
use crate::gather::sources::{Source, placed};
use crate::progress::{Progress, Silent, Stage};
use crate::tree::Tree;
use crate::tree::guest_path::{DirMapping, GuestPath};
use anyhow::ensure;
use std::borrow::Cow;
use std::fs;
use std::io::Read;
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
    /// Layers are laid over what comes before them; all else that comes between two layers may come
    /// in any order.
    sources: Vec<(Source, String)>,
    laying: Laying,
    /// Whether the tree is nothing but the base and what is laid over it.
    is_bare: bool,
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
            laying: Laying::default(),
            is_bare: false,
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
    pub fn tar(self, archive: impl Into<PathBuf>, guest: impl Into<String>) -> Self {
        self.archive(ArchiveSource::File(archive.into()), guest)
    }

    /// Puts what a tar archive holds at a guest path, as [`tar`](Self::tar) does. The archive is read
    /// to its end now, into a temporary file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or the temporary file not be written ([`Io`](ErrorKind::Io)); or if it is
    /// compressed and damaged ([`Damaged`](ErrorKind::Damaged)) or compressed in another way
    /// ([`Tree`](ErrorKind::Tree)).
    pub fn tar_stream(self, archive: impl Read, guest: impl Into<String>) -> Result<Self, Error> {
        self.stream(ArchiveSource::stream(archive), guest)
    }

    /// Puts what a zip archive holds at a guest path. When the tree is read, the archive is unpacked
    /// into a temporary file.
    ///
    /// Members may be stored or deflated, with sizes of zip64. Modes, symbolic links and named pipes
    /// are those that Unix's programs write. Times are those of the extended timestamp, or else of
    /// NTFS's field; the date of DOS, which has no time zone, is taken for UTC. What an archive
    /// may hold is as with [`tar`](Self::tar); and no two members have one name, no contents differ
    /// from what the headers say of them, and nothing is encrypted.
    ///
    /// ```
    /// use wasm_vfs::TreeBuilder;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # std::env::set_current_dir(&directory)?;
    /// # let mut archive = rawzip::ZipArchiveWriter::new(std::fs::File::create("site.zip")?);
    /// # let stored = rawzip::CompressionMethod::STORE;
    /// # let (entry, config) = archive.new_file("index.html").compression_method(stored).start()?;
    /// # let (entry, told) = config.wrap(entry).finish()?;
    /// # entry.finish(told)?;
    /// # archive.finish()?;
    /// let tree = TreeBuilder::new().zip("site.zip", "/www").read()?;
    /// assert_eq!(tree.totals().files, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn zip(self, archive: impl Into<PathBuf>, guest: impl Into<String>) -> Self {
        self.archive(ArchiveSource::Zip(archive.into()), guest)
    }

    /// Puts what a zip archive holds at a guest path, as [`zip`](Self::zip) does. The archive is read
    /// to its end and unpacked now.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or a temporary file not be written ([`Io`](ErrorKind::Io)); if it is no
    /// zip archive or damaged ([`Damaged`](ErrorKind::Damaged)); or if it has a member that is refused
    /// ([`Tree`](ErrorKind::Tree)).
    pub fn zip_stream(self, archive: impl Read, guest: impl Into<String>) -> Result<Self, Error> {
        self.stream(ArchiveSource::zip_stream(archive), guest)
    }

    fn archive(mut self, source: ArchiveSource, guest: impl Into<String>) -> Self {
        self.sources.push((Source::Archive(source), guest.into()));
        self
    }

    fn stream(
        self,
        source: InnerResult<ArchiveSource>,
        guest: impl Into<String>,
    ) -> Result<Self, Error> {
        let source = source.about(|| "the archive from a stream".to_owned());
        Ok(self.archive(source.of_kind(ErrorKind::Tree)?, guest))
    }

    /// Lays a layer of a container image over the tree, at a guest path: a tar archive, plain or
    /// compressed with gzip or zstd, as [OCI images] have them.
    ///
    /// Its whiteouts (`.wh.NAME`) and opaque directories (`.wh..wh..opq`) hide what was given before:
    /// directories, archives, other layers, and the tree of a program that is packed again. They
    /// do not touch what the layer itself has. Else it is read as [`tar`](Self::tar) reads archives,
    /// but for files named `.wasmvfsignore`, which mean nothing in a layer.
    ///
    /// What you give after a layer is laid over it, where directories merge.
    ///
    /// [OCI images]: https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md
    ///
    /// ```
    /// use wasm_vfs::TreeBuilder;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # std::env::set_current_dir(&directory)?;
    /// # let mut archive = tar::Builder::new(std::fs::File::create("layer.tar")?);
    /// # let mut header = tar::Header::new_gnu();
    /// # header.set_mode(0o644);
    /// # header.set_size(0);
    /// # archive.append_data(&mut header, "etc/.wh.motd", &b""[..])?;
    /// # archive.finish()?;
    /// let tree = TreeBuilder::new().file("/etc/motd", "hello").file("/etc/version", "1.2\n");
    /// // A layer with the member `etc/.wh.motd`.
    /// assert_eq!(tree.layer("layer.tar", "/").read()?.totals().files, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn layer(self, layer: impl Into<PathBuf>, guest: impl Into<String>) -> Self {
        self.layers(vec![LayerSource::File(layer.into())], guest)
    }

    /// Lays layers over the tree, the lowest first, as [`layer`](Self::layer) does. Their blobs are
    /// files, or parts of one.
    #[must_use]
    pub(crate) fn layers(mut self, layers: Vec<LayerSource>, guest: impl Into<String>) -> Self {
        self.sources.push((Source::Layers(layers), guest.into()));
        self
    }

    /// Lays the files of an image over the tree, at a guest path: its layers in their order, as
    /// [`layer`](Self::layer) does. What the image says of programs, users and environment is not
    /// used.
    #[must_use]
    pub fn oci(mut self, image: OciImage, guest: impl Into<String>) -> Self {
        self.sources.push((Source::Image(image), guest.into()));
        self
    }

    /// Chooses how layers are laid over the tree.
    #[must_use]
    pub(crate) fn laying(mut self, laying: Laying) -> Self {
        self.laying = laying;
        self
    }

    /// Adds nothing of its own to the tree: no `/tmp`, no `/dev`; and a directory for a mount or an
    /// overlay only where there is none.
    #[must_use]
    pub(crate) fn bare(mut self) -> Self {
        self.is_bare = true;
        self
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
    /// when a directory holds a device or a socket, or a name that is not UTF-8; when a file
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
        let Laid { mut root, notes } = self.laid(progress)?;
        // Behind what a packed module may have there.
        for (guest, _) in placed(&self.mounts())? {
            let place = root.place(&guest)?;
            if !self.is_bare || !matches!(place.kind, NodeKind::Directory(_)) {
                *place = self.made_directory(0o755);
            }
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
            && !self.is_bare
            && let NodeKind::Directory(entries) = &mut root.kind
        {
            entries.entry("tmp".to_owned()).or_insert_with(|| self.made_directory(0o1777));
        }
        if self.dev && !self.is_bare {
            self.add_devices(&mut root);
        }
        let Flat { mut entries, contents, xattrs, .. } = flatten(root, self.attributes.made(0o755));
        for (guest, mode) in &self.modes {
            set_mode(&mut entries, &guest.parse()?, *mode)?;
        }
        let (contents, ranges) = ContentsPlan::new(contents, &paths_of_files(&entries), progress)?;
        Ok(Gathered { tree: finish(entries, xattrs, &ranges, progress)?, contents, notes })
    }

    /// All sources and layers, over the base.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub(crate) fn laid(&self, progress: &dyn Progress) -> InnerResult<Laid> {
        progress.begin(Stage::Reading, None);
        let mut root = self.base.as_ref().map_or(Ok(Node::implied_directory()), |it| it.nodes())?;
        let (mut notes, mut number) = (Vec::new(), 0);
        let is_layers =
            |(it, _): &(Source, String)| matches!(it, Source::Layers(_) | Source::Image(_));
        // What is between two layers; each run but the last ends with layers.
        for run in self.sources.split_inclusive(is_layers) {
            let (layers, others): (Vec<_>, Vec<_>) = run.iter().partition(|it| is_layers(it));
            let others: Vec<_> =
                others.into_iter().filter(|(it, _)| !it.is_mount_point()).collect();
            let others = placed(&others.into_iter().chain(self.mounts()).collect::<Vec<_>>())?;
            let over = self.placed_nodes(&others, &mut number, &mut notes, progress)?;
            root.merge(over, &GuestPath::root())?;
            for (source, guest) in layers {
                let layers = match source {
                    Source::Layers(layers) => Cow::Borrowed(layers),
                    Source::Image(image) => Cow::Owned(image.layers()?),
                    _ => continue,
                };
                let guest = guest.parse()?;
                for layer in &*layers {
                    number += 1;
                    let rules = IgnoreRules::new(&self.excludes);
                    let read =
                        archive_tree::read_layer(layer, number, self.attributes, rules, progress)?;
                    notes.extend(read.notes.iter().cloned());
                    let place = root.place(&guest)?;
                    let laid = read.lay_over(place, &guest, number, self.laying);
                    notes.extend(laid.about(|| layer.to_string())?);
                }
            }
        }
        Ok(Laid { root, notes })
    }

    fn mounts(&self) -> Vec<&(Source, String)> {
        self.sources.iter().filter(|(source, _)| source.is_mount_point()).collect()
    }

    /// The nodes of sources that are no layers, by guest path. `number` counts archives.
    fn placed_nodes(
        &self,
        sources: &[(GuestPath, &Source)],
        number: &mut usize,
        notes: &mut Vec<String>,
        progress: &dyn Progress,
    ) -> InnerResult<Node> {
        let mut root = Node::implied_directory();
        for (guest, source) in sources {
            let node = match source {
                Source::HostDirectory(host) => {
                    let elsewhere = sources.iter().map(|(other, _)| other.clone());
                    let mut scan = Scan {
                        attributes: self.attributes,
                        left_out: &self.left_out,
                        rules: IgnoreRules::new(&self.excludes),
                        elsewhere: elsewhere.filter(|other| other != guest).collect(),
                        progress,
                    };
                    scan.mapped(host, guest)?
                }
                Source::Archive(archive) => {
                    *number += 1;
                    let rules = IgnoreRules::new(&self.excludes);
                    let read =
                        archive_tree::read(archive, *number, self.attributes, rules, progress)?;
                    notes.extend(read.notes);
                    read.node
                }
                Source::HostFile(host) => scan::named_file(host, self.attributes)?,
                Source::Symlink(target) => self.made_symlink(target)?,
                Source::Bytes(bytes) => Node::new(
                    self.attributes.made(0o644),
                    NodeKind::File(FileContents::Bytes(SharedBytes::all(bytes.clone()))),
                ),
                Source::MountPoint | Source::Layers(_) | Source::Image(_) => continue,
            };
            ensure!(
                !guest.names().is_empty() || matches!(node.kind, NodeKind::Directory(_)),
                "{} cannot be /, which is a directory; give it a path in there",
                source.describe()
            );
            *root.place(guest)? = node;
        }
        Ok(root)
    }

    fn made_symlink(&self, target: &str) -> InnerResult<Node> {
        ensure!(
            !target.is_empty() && !target.contains('\0') && target.len() <= MAX_LINK_BYTES,
            "a symbolic link cannot have the text {target:?}: give it one of 1 to {MAX_LINK_BYTES} bytes, without NUL"
        );
        let kind = NodeKind::Symlink(target.as_bytes().to_vec());
        Ok(Node::new(self.attributes.made(0o777), kind))
    }

    fn made_directory(&self, mode: u16) -> Node {
        Node::new(self.attributes.made(mode), NodeKind::Directory(Entries::default()))
    }

    /// Adds `/dev`, without replacing anything.
    fn add_devices(&self, root: &mut Node) {
        let NodeKind::Directory(entries) = &mut root.kind else { return };
        let dev = entries.entry("dev".to_owned()).or_insert_with(|| self.made_directory(0o755));
        let NodeKind::Directory(entries) = &mut dev.kind else { return };
        let mut add = |name: &str, mode, kind| {
            let node = || Node::new(self.attributes.made(mode), kind);
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

/// A tree that is put together, and not yet laid out.
#[derive(Debug)]
pub(crate) struct Laid {
    pub(crate) root: Node,
    /// What a person should know, one line each.
    pub(crate) notes: Vec<String>,
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
