//! A layer of a container image (OCI image specification, "Image Layer Filesystem Changeset"), laid
//! over a tree: [`Layer`].
//!
//! A member `.wh.NAME` hides what lies below under that name, a member `.wh..wh..opq` all that lies
//! below in its directory. Neither touches what the layer itself has. Names are walked without
//! following a link, so nothing outside of the place of the layer is touched.

use crate::error::{ErrorKind, mark};
use crate::gather::assembly::{Identity, Node, NodeKind};
use crate::tree::guest_path::GuestPath;
use anyhow::{Result, anyhow, bail, ensure};

/// What the names of whiteouts begin with.
pub(crate) const WHITEOUT: &str = ".wh.";

/// What the names of AUFS's own files begin with. But for [`OPAQUE`], they say nothing of the tree.
const AUFS: &str = ".wh..wh.";

/// The name that makes a directory opaque.
const OPAQUE: &str = ".wh..wh..opq";

/// What a layer gives.
#[derive(Debug)]
pub(crate) struct Layer {
    /// What the layer itself has.
    pub(crate) node: Node,
    pub(crate) whiteouts: Vec<Whiteout>,
    pub(crate) links: Vec<LinkBelow>,
    /// Whether it ended without the blocks that mark an end.
    pub(crate) is_unmarked: bool,
    /// What a person should know, one line each.
    pub(crate) notes: Vec<String>,
}

/// A further name of what lies below: its path, and that of the file.
pub(crate) type LinkBelow = [Vec<String>; 2];

/// What hides something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Whiteout {
    /// The directory.
    directory: Vec<String>,
    /// The name that is hidden in it; `None`: all.
    name: Option<String>,
}

/// What the name of a member of a layer says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It is a member as of any archive.
    Entry,
    Whiteout(Whiteout),
    /// It says nothing of the tree.
    Nothing,
}

/// Tells what the path of a member says.
///
/// # Errors
///
/// When it is a whiteout of nothing, of the directory that it is in, or of the one above; or lies
/// beneath a whiteout.
pub(crate) fn meaning(names: &[&str]) -> Result<Meaning> {
    let Some((last, directory)) = names.split_last() else { return Ok(Meaning::Entry) };
    let is_aufs = |name: &&str| name.starts_with(AUFS) && *name != OPAQUE;
    if names.iter().any(is_aufs) {
        return Ok(Meaning::Nothing);
    }
    ensure!(
        !directory.iter().any(|name| name.starts_with(WHITEOUT)),
        "it lies beneath a whiteout, a name that begins with `{WHITEOUT}`; make the layer without it"
    );
    let Some(hidden) = last.strip_prefix(WHITEOUT) else { return Ok(Meaning::Entry) };
    let directory = directory.iter().map(|name| (*name).to_owned()).collect();
    let name = match hidden {
        _ if *last == OPAQUE => None,
        "" => bail!("it is a whiteout without a name; make the layer without it"),
        "." | ".." => {
            bail!(
                "it is a whiteout of `{hidden}`, which is no name of an entry; make the layer without it"
            )
        }
        name => Some(name.to_owned()),
    };
    Ok(Meaning::Whiteout(Whiteout { directory, name }))
}

/// How a layer is laid over a tree.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Laying {
    /// Whether what has no extended attributes in the layer keeps those of what it takes the place
    /// of: whoever wrote the layer does not know attributes.
    pub(crate) keeps_xattrs: bool,
    /// Whether what does not fit is told and left out; else a link to nothing is an error.
    pub(crate) tells_conflicts: bool,
    /// Whether a layer without a mark of its end is an error: its writer always makes one.
    pub(crate) needs_end: bool,
}

impl Layer {
    /// Lays the layer over `under`, which is at the guest path `at`. Returns what did not fit, one
    /// line each, if that is asked for. `number` is the layer's among the sources.
    ///
    /// # Errors
    ///
    /// When the layer is cut short, a directory that it has no member for is something else below, or a
    /// link leads to nothing.
    pub(crate) fn lay_over(
        mut self,
        under: &mut Node,
        at: &GuestPath,
        number: usize,
        laying: Laying,
    ) -> Result<Vec<String>> {
        if laying.needs_end && self.is_unmarked {
            let error = anyhow!("it is cut short: the mark of its end is missing; get it again");
            return Err(mark(error, ErrorKind::Damaged));
        }
        let mut conflicts = Vec::new();
        for Whiteout { directory, name } in &self.whiteouts {
            let found = match (find(under, directory), name) {
                (Some(Node { kind: NodeKind::Directory(entries), .. }), Some(name)) => {
                    entries.remove(name).is_some()
                }
                (Some(Node { kind: NodeKind::Directory(entries), .. }), None) => {
                    entries.clear();
                    true
                }
                _ => false,
            };
            if !found {
                let path = path_of(at, directory.iter().chain(name));
                conflicts.push(format!("{path}: to be removed, and it is not there"));
            }
        }
        if laying.tells_conflicts {
            self.find_conflicts(under, at, &mut conflicts);
        }
        if laying.keeps_xattrs {
            inherit_xattrs(under, &mut self.node);
        }
        under.merge(self.node, at)?;
        for (index, [path, target]) in self.links.iter().enumerate() {
            let shown = path_of(at, path);
            // The numbers of items of the archive begin at the other end.
            let identity = Identity::Archive(number, usize::MAX - index);
            let Some(further) = find(under, target).and_then(|node| further_name(node, identity))
            else {
                let problem = format!(
                    "{shown}: it is a link to {}, which is neither in the layer nor a file below",
                    path_of(at, target)
                );
                ensure!(
                    laying.tells_conflicts,
                    "{problem}; add the layer that it belongs to first"
                );
                conflicts.push(problem);
                continue;
            };
            *under.place(&path_of(&GuestPath::root(), path))? = further;
        }
        conflicts.truncate(if laying.tells_conflicts { conflicts.len() } else { 0 });
        Ok(conflicts)
    }

    /// Finds what the layer puts where there is something else, or no directory. A directory without
    /// a member of its own gives way to what lies below.
    fn find_conflicts(&mut self, under: &Node, at: &GuestPath, conflicts: &mut Vec<String>) {
        let mut left = vec![(under, &mut self.node, at.clone())];
        while let Some((under, over, path)) = left.pop() {
            let NodeKind::Directory(there) = &under.kind else { continue };
            let NodeKind::Directory(entries) = &mut over.kind else { continue };
            entries.retain(|name, over| {
                let path = path.join(name);
                let is_implied = over.metadata.is_none();
                let (is, takes) = (there.get(name).map(|it| it.kind.name()), over.kind.name());
                match is {
                    None if is_implied => {
                        conflicts.push(format!("{path}: its directory is not there; it is made"));
                    }
                    Some(is) if is != takes && is_implied => {
                        let lost = "what the layer has beneath it is left out";
                        conflicts.push(format!("{path}: there is {is}; {lost}"));
                        return false;
                    }
                    Some(is) if is != takes => {
                        conflicts.push(format!("{path}: {takes} takes the place of {is}"));
                    }
                    _ => {}
                }
                true
            });
            for (name, over) in entries.iter_mut() {
                if let Some(under) = there.get(name) {
                    left.push((under, over, path.join(name)));
                }
            }
        }
    }
}

/// What has no extended attributes in `over` gets those that the same entry has in `under`.
fn inherit_xattrs(under: &Node, over: &mut Node) {
    let mut left = vec![(under, over)];
    while let Some((under, over)) = left.pop() {
        if over.metadata.is_some() && over.xattrs.is_none() && over.kind.name() == under.kind.name()
        {
            over.xattrs = under.xattrs.clone();
        }
        if let (NodeKind::Directory(there), NodeKind::Directory(entries)) =
            (&under.kind, &mut over.kind)
        {
            let both = entries.iter_mut();
            left.extend(both.filter_map(|(name, over)| Some((there.get(name)?, over))));
        }
    }
}

/// The node of this path; links are not followed.
fn find<'n>(root: &'n mut Node, names: &[String]) -> Option<&'n mut Node> {
    names.iter().try_fold(root, |node, name| match &mut node.kind {
        NodeKind::Directory(entries) => entries.get_mut(name),
        _ => None,
    })
}

/// One more name of what a node is, which gets this identity if it has none; `None` of a directory.
fn further_name(node: &mut Node, identity: Identity) -> Option<Node> {
    let kind = match &node.kind {
        NodeKind::File(contents) => NodeKind::File(contents.clone()),
        NodeKind::Symlink(target) => NodeKind::Symlink(target.clone()),
        NodeKind::CharDevice(dev) => NodeKind::CharDevice(*dev),
        NodeKind::Fifo => NodeKind::Fifo,
        NodeKind::Directory(_) | NodeKind::DescriptorDirectory => return None,
    };
    let identity = Some(*node.identity.get_or_insert(identity));
    Some(Node { metadata: node.metadata, kind, identity, xattrs: node.xattrs.clone() })
}

fn path_of<'n>(at: &GuestPath, names: impl IntoIterator<Item = &'n String>) -> GuestPath {
    names.into_iter().fold(at.clone(), |path, name| path.join(name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::gather::archive::source::LayerSource;
    use crate::gather::builder::TreeBuilder;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, contents) in members {
            let mut header = tar::Header::new_ustar();
            header.set_size(contents.len() as u64);
            archive.append_data(&mut header, name, *contents).unwrap();
        }
        archive.into_inner().unwrap()
    }

    #[test]
    fn blobs_may_be_parts_of_a_file() {
        let lower = archive(&[("a", b"in lower"), ("b", b"hidden")]);
        let mut upper = GzEncoder::new(Vec::new(), Compression::fast());
        upper.write_all(&archive(&[("c", b"in upper"), (".wh.b", b"")])).unwrap();
        let (upper, gap) = (upper.finish().unwrap(), [7; 777]);
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("image.tar");
        std::fs::write(&file, [&gap[..], &lower, &gap, &upper, &gap].concat()).unwrap();
        let part = |start: usize, len: usize, name: &str| {
            let bytes = start as u64..(start + len) as u64;
            LayerSource::Part { file: file.clone(), bytes, name: name.to_owned() }
        };
        let second = gap.len() + lower.len() + gap.len();
        let layers = vec![part(gap.len(), lower.len(), "one"), part(second, upper.len(), "two")];
        let tree = TreeBuilder::new().tmp(false).layers(layers, "/in");
        let packed =
            crate::Packer::new(tree).policy(crate::Policy::from_toml("no-dev = true").unwrap());
        let bytes =
            packed.pack(crate::Program::bytes("app", wat::parse_str(crate::doc::PROGRAM).unwrap()));
        let bytes = bytes.unwrap().to_vec().unwrap();
        let mut packed = crate::PackedModule::from_reader(std::io::Cursor::new(bytes)).unwrap();
        let mut found = Vec::new();
        for index in 2..packed.tree().entries().len() {
            let mut contents = Vec::new();
            packed.copy_contents(index, &mut contents).unwrap();
            found.push((packed.tree().display_path(index), String::from_utf8(contents).unwrap()));
        }
        let row = |path: &str, contents: &str| (path.to_owned(), contents.to_owned());
        assert_eq!(found, [row("/in/a", "in lower"), row("/in/c", "in upper")]);
        // What is said of one that is damaged.
        let cut = part(gap.len(), lower.len() - 2000, "blob sha256:12");
        let error = TreeBuilder::new().layers(vec![cut], "/").read().unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("image.tar`: blob sha256:12: ") && message.contains("cut short"),
            "{message}"
        );
        let beyond = part(second, 1 << 20, "blob");
        let error = TreeBuilder::new().layers(vec![beyond], "/").read().unwrap_err();
        assert!(error.to_string().contains("should be an archive: it is cut short"), "{error}");
    }

    #[test]
    fn names_of_layers() {
        let whiteout = |directory: &[&str], name: Option<&str>| {
            let directory = directory.iter().map(|name| (*name).to_owned()).collect();
            Some(Meaning::Whiteout(Whiteout { directory, name: name.map(str::to_owned) }))
        };
        let rows: [(&str, Option<Meaning>); 15] = [
            ("", Some(Meaning::Entry)),
            ("a/b", Some(Meaning::Entry)),
            (".wh", Some(Meaning::Entry)),
            ("a.wh.b", Some(Meaning::Entry)),
            (".wh.a", whiteout(&[], Some("a"))),
            ("d/.wh.a", whiteout(&["d"], Some("a"))),
            ("d/.wh..a", whiteout(&["d"], Some(".a"))),
            ("d/.wh....", whiteout(&["d"], Some("..."))),
            ("d/.wh..wh..opq", whiteout(&["d"], None)),
            (".wh..wh.plnk/1.2", Some(Meaning::Nothing)),
            (".wh..wh.aufs", Some(Meaning::Nothing)),
            ("d/.wh.", None),
            (".wh..", None),
            ("d/.wh...", None),
            (".wh.d/a", None),
        ];
        for (path, expected) in rows {
            let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
            assert_eq!(meaning(&names).ok(), expected, "{path}");
        }
    }
}
