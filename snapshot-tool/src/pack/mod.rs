//! Packing from end to end: tree -> bake -> lower -> link -> write. The command line's `pack`,
//! `image` and `link` are these calls, and a build script makes them too.

pub(crate) mod input;
pub mod preinit;

use crate::adapter::bake::{ADAPTER_CORE, ADAPTER_MOUNTS_CORE, Baker};
use crate::adapter::host_shim::host_shim;
use crate::adapter::lower::lower;
use crate::adapter::module::AdapterModule;
use crate::format::human_bytes;
use crate::gather::builder::TreeBuilder;
use crate::link::{Summary, link};
use crate::output::Destination;
use crate::pack::input::{Before, Given};
use crate::pack::preinit;
use crate::pack::preinit::{Preinit, Printed};
use crate::packed::form::Form;
use crate::packed::hollow::Output;
use crate::packed::image_source::{FileRange, ImageSource};
use crate::packed::section::Section;
use crate::policy::Policy;
use crate::policy::values::{Overlay, Stream};
use crate::progress::{Progress, Silent, Stage};
use crate::pack::input::file_name;
use crate::tree::{EntryKind, FinalSymlink, Tree, TreeTotals, manifest};
use anyhow::{Context as _, Result, anyhow, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fmt, thread};

/// Packs a program with a tree.
///
/// ```no_run
/// use wasm_vfs::{Packer, TreeBuilder};
///
/// // In a build.rs, say:
/// let tree = TreeBuilder::new().dir("assets", "/assets").exclude("*.psd");
/// let report = Packer::new(tree).pack("app.wasm", "app-packed.wasm")?;
/// println!("{report}");
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Packer {
    tree: TreeBuilder,
    form: Option<Form>,
    policy: Policy,
    preinit: Option<Preinit>,
    host_shim: Option<PathBuf>,
    adapter_core: Option<Vec<u8>>,
}

impl Packer {
    /// Packs this tree, in the portable form, or in the form in which the program was packed before.
    #[must_use]
    pub fn new(tree: TreeBuilder) -> Self {
        Self {
            tree,
            form: None,
            policy: Policy::default(),
            preinit: None,
            host_shim: None,
            adapter_core: None,
        }
    }

    /// Packs in this form.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.form = Some(form);
        self
    }

    /// Runs a function of the program when it is packed; a start goes on from there.
    #[must_use]
    pub fn preinit(mut self, preinit: Preinit) -> Self {
        self.preinit = Some(preinit);
        self
    }

    /// Chooses what the program sees beside the tree. A program that was packed before keeps what nobody chooses anew.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Writes the module that `wasm-merge` needs as `wasi_host` beside an image: see [`crate::adapter::host_shim`].
    #[must_use]
    pub fn host_shim(mut self, path: impl Into<PathBuf>) -> Self {
        self.host_shim = Some(path.into());
        self
    }

    /// Uses another build of the adapter: its core form.
    #[must_use]
    pub fn adapter_core(mut self, core: impl Into<Vec<u8>>) -> Self {
        self.adapter_core = Some(core.into());
        self
    }

    /// Packs the program in a file and writes the result to another: `wasm-vfs pack`.
    ///
    /// A module that was packed before is packed again: the directories are laid over its tree, where a file takes the place of
    /// what is there and directories merge.
    ///
    /// # Errors
    ///
    /// When the tree cannot be read, the program cannot be served, or the output cannot be
    /// written. Nothing is written then.
    pub fn pack(&self, program: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<Report> {
        let destination = Destination::File(output.as_ref().to_owned());
        self.pack_with(program.as_ref(), &destination, &Silent)
    }

    /// [`pack`](Self::pack), telling what it does.
    ///
    /// # Errors
    ///
    /// As [`pack`](Self::pack).
    pub fn pack_with(
        &self,
        program: &Path,
        destination: &Destination,
        progress: &dyn Progress,
    ) -> Result<Report> {
        let started = Instant::now();
        let given = Given::read(program)?;
        self.without(destination).pack_given(given, &file_name(program), progress, |packed| {
            packed.with_context(|| named(program))?.write(destination, started, progress)
        })
    }

    /// Packs the program in a file, into memory.
    ///
    /// # Errors
    ///
    /// As [`pack`](Self::pack).
    pub fn pack_file(&self, program: impl AsRef<Path>) -> Result<Vec<u8>> {
        self.pack_file_with(program.as_ref(), &Silent)
    }

    /// [`pack_file`](Self::pack_file), telling what it does.
    ///
    /// # Errors
    ///
    /// As [`pack`](Self::pack).
    pub fn pack_file_with(&self, program: &Path, progress: &dyn Progress) -> Result<Vec<u8>> {
        let given = Given::read(program)?;
        self.pack_given(given, &file_name(program), progress, |packed| {
            packed.with_context(|| named(program))?.to_vec()
        })
    }

    /// Packs a program that is in memory, into memory.
    ///
    /// # Errors
    ///
    /// As [`pack`](Self::pack).
    pub fn pack_bytes(&self, program: &[u8]) -> Result<Vec<u8>> {
        self.pack_bytes_with(program, &Silent)
    }

    /// [`pack_bytes`](Self::pack_bytes), telling what it does.
    ///
    /// # Errors
    ///
    /// As [`pack`](Self::pack).
    pub fn pack_bytes_with(&self, program: &[u8], progress: &dyn Progress) -> Result<Vec<u8>> {
        let given = Given::in_memory(program.to_vec())?;
        self.pack_given(given, NAMELESS, progress, |packed| packed?.to_vec())
    }

    /// Bakes, links, and runs what is to run; hands on the result, or why the program cannot be served. It sees `name` as its own
    /// when it runs.
    fn pack_given<T>(
        &self,
        given: Given,
        name: &str,
        progress: &dyn Progress,
        finish: impl FnOnce(Result<Packed<'_>>) -> Result<T>,
    ) -> Result<T> {
        let (packer, notes) = self.over(given.before);
        let mut program = given.program;
        if let Some(preinit) = &packer.preinit {
            preinit.check_policy(&packer.policy)?;
            program = match preinit.with_start(program) {
                Ok(program) => program,
                Err(error) => return finish(Err(error)),
            };
        }
        let (rootfs, _) = packer.bake_with(progress)?;
        let packed = rootfs
            .link_with(&program, packer.form.unwrap_or_default(), progress)
            .and_then(|packed| match &packer.preinit {
                Some(preinit) => packed.initialised(preinit, name, progress),
                None => Ok(packed),
            })
            .map(|mut packed| {
                packed.summary.notes.extend(notes);
                packed
            });
        finish(packed)
    }

    /// This packer, working on what a program was packed with before; and what a person should know of that.
    fn over(&self, before: Option<Before>) -> (Self, Option<String>) {
        let mut packer = self.clone();
        let Some(Before { tree, policy, form }) = before else { return (packer, None) };
        let files = tree.tree().totals().files;
        packer.form = packer.form.or(Some(form));
        packer.policy = policy.packed_again_with(self.policy.clone());
        packer.tree = packer.tree.base(tree);
        let note = format!(
            "it was packed before ({form} form); its {files} files are kept where nothing is laid over them"
        );
        (packer, Some(note))
    }

    /// Bakes the tree alone and writes it as an adapter module: `wasm-vfs image`.
    ///
    /// # Errors
    ///
    /// When the tree cannot be read or the output cannot be written. Nothing is written then.
    pub fn write_image(&self, output: impl AsRef<Path>) -> Result<Report> {
        self.write_image_with(&Destination::File(output.as_ref().to_owned()), &Silent)
    }

    /// [`write_image`](Self::write_image), telling what it does.
    ///
    /// # Errors
    ///
    /// As [`write_image`](Self::write_image).
    pub fn write_image_with(
        &self,
        destination: &Destination,
        progress: &dyn Progress,
    ) -> Result<Report> {
        let started = Instant::now();
        let (rootfs, output) = self.without(destination).bake_with(progress)?;
        write(&output, &rootfs, destination, progress)?;
        if let Some(path) = &self.host_shim {
            let shim = host_shim(&rootfs.adapter)?;
            Destination::File(path.clone()).write(&Silent, |out| Ok(out.write_all(&shim)?))?;
        }
        Ok(Report {
            totals: rootfs.totals,
            destination: destination.clone(),
            output_bytes: output.len(),
            link: None,
            printed: Printed::default(),
            elapsed: started.elapsed(),
        })
    }

    /// Bakes the tree.
    ///
    /// # Errors
    ///
    /// When the tree cannot be read or does not fit.
    pub fn bake(&self) -> Result<Rootfs> {
        Ok(self.bake_with(&Silent)?.0)
    }

    fn bake_with(&self, progress: &dyn Progress) -> Result<(Rootfs, Output)> {
        // Contradictions first: the tree might name their consequences.
        self.policy.settled()?;
        let (host_tree, baker) = thread::scope(|scope| {
            let baker = scope.spawn(|| Baker::new(self.core()));
            let host_tree = self.tree_with_mounts().dev(!self.policy.no_dev).read_with(progress);
            let baker = baker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (host_tree, baker)
        });
        let host_tree = host_tree?;
        check_places(&self.policy, &host_tree.tree)?;
        let baked = baker?.bake(&host_tree.tree, &self.policy, progress)?;
        let lowered = lower(&baked.module, host_tree.image.len(), &baked.manifest, &self.policy)?;
        let rootfs = Rootfs {
            totals: host_tree.tree.totals(),
            adapter: AdapterModule::from(&lowered),
            image: Box::new(host_tree.image),
        };
        Ok((rootfs, lowered.output))
    }

    /// The core form that serves the policy.
    fn core(&self) -> &[u8] {
        match &self.adapter_core {
            Some(core) => core,
            None if self.policy.has_no_mounts() => ADAPTER_CORE,
            None => ADAPTER_MOUNTS_CORE,
        }
    }

    /// The tree with the directories at which the host's will appear.
    fn tree_with_mounts(&self) -> TreeBuilder {
        let mut tree = self.tree.clone();
        for point in &self.policy.mount {
            tree = tree.mount_point(&point.guest);
        }
        for Overlay(point) in &self.policy.overlay {
            tree = tree.overlay_point(&point.guest);
        }
        tree
    }

    /// Leaves an earlier output out of the tree.
    fn without(&self, destination: &Destination) -> Self {
        let mut packer = self.clone();
        if let Destination::File(path) = destination {
            packer.tree = packer.tree.leave_out(path);
        }
        packer
    }
}

/// A baked tree: to be linked with programs, or written as an adapter module.
pub struct Rootfs {
    adapter: AdapterModule<'static>,
    image: Box<dyn ImageSource>,
    totals: TreeTotals,
}

impl fmt::Debug for Rootfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rootfs").field("totals", &self.totals).finish_non_exhaustive()
    }
}

impl Rootfs {
    /// Opens a file that [`Packer::write_image`] wrote.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is something else.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut file = open(path)?;
        let (adapter, image) = AdapterModule::read_from(&mut file).with_context(|| named(path))?;
        let tree = manifest::decode(&adapter.section().manifest).with_context(|| named(path))?;
        Ok(Self { adapter, image: Box::new(FileRange::new(file, image)), totals: tree.totals() })
    }

    /// Links a program with this tree.
    ///
    /// ```no_run
    /// use wasm_vfs::{Form, Rootfs};
    ///
    /// let rootfs = Rootfs::open("rootfs.wasm")?;
    /// for name in ["client", "server"] {
    ///     let program = std::fs::read(format!("{name}.wasm"))?;
    ///     let packed = rootfs.link(&program, Form::Portable)?.to_vec()?;
    ///     std::fs::write(format!("{name}-packed.wasm"), packed)?;
    /// }
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the program cannot be served.
    pub fn link(&self, program: &[u8], form: Form) -> Result<Packed<'_>> {
        self.link_with(program, form, &Silent)
    }

    fn link_with(&self, program: &[u8], form: Form, progress: &dyn Progress) -> Result<Packed<'_>> {
        progress.begin(Stage::Linking, Some(1));
        let linked = link(program, &self.adapter, form)?;
        progress.advance(1);
        Ok(Packed {
            output: linked.output,
            section: linked.section,
            summary: linked.summary,
            printed: Printed::default(),
            rootfs: self,
        })
    }
}

/// A program linked with a tree, not yet written.
#[derive(Debug)]
pub struct Packed<'a> {
    output: Output,
    section: Section,
    summary: Summary,
    printed: Printed,
    rootfs: &'a Rootfs,
}

impl Packed<'_> {
    /// The same after a function of the program has run.
    fn initialised(
        mut self,
        preinit: &Preinit,
        name: &str,
        progress: &dyn Progress,
    ) -> Result<Self> {
        progress.begin(Stage::Initialising, None);
        let image = &*self.rootfs.image;
        let ran = preinit::run(preinit, &self.output, &self.section, image, name)?;
        let grown = i64::try_from(ran.output.len())? - i64::try_from(self.output.len())?;
        self.summary.initialised_bytes = Some(grown);
        Ok(Self { output: ran.output, printed: ran.printed, ..self })
    }

    /// What linking did.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The module, contents and all.
    ///
    /// # Errors
    ///
    /// When a file of the tree cannot be read or has changed.
    pub fn to_vec(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.output.len())?);
        self.output.write_to(&*self.rootfs.image, &mut bytes)?;
        Ok(bytes)
    }

    fn write(
        self,
        destination: &Destination,
        started: Instant,
        progress: &dyn Progress,
    ) -> Result<Report> {
        write(&self.output, self.rootfs, destination, progress)?;
        Ok(Report {
            totals: self.rootfs.totals,
            destination: destination.clone(),
            output_bytes: self.output.len(),
            link: Some(self.summary),
            printed: self.printed,
            elapsed: started.elapsed(),
        })
    }
}

/// Links the program in a file with the baked tree in another: `wasm-vfs link`.
///
/// # Errors
///
/// When a file cannot be read, the program cannot be served, or the output cannot be written.
/// Nothing is written then.
pub fn link_files(
    program: impl AsRef<Path>,
    rootfs: impl AsRef<Path>,
    form: Form,
    destination: &Destination,
    progress: &dyn Progress,
) -> Result<Report> {
    let started = Instant::now();
    let program = program.as_ref();
    let bytes = read_program(program)?;
    let rootfs = Rootfs::open(rootfs)?;
    let packed = rootfs.link_with(&bytes, form, progress).with_context(|| named(program))?;
    packed.write(destination, started, progress)
}

/// What a program in memory is called where it sees its name.
const NAMELESS: &str = "program";

/// Checks that the tree has what the program is to find open.
fn check_places(policy: &Policy, tree: &Tree) -> Result<()> {
    let kind = |path: &str| {
        let index = tree.lookup(path.as_bytes(), FinalSymlink::Follow)?;
        anyhow::Ok(&tree.entries()[index].kind)
    };
    for preopen in &policy.preopen {
        let path = preopen.path.to_string();
        ensure!(
            kind(&path).is_ok_and(EntryKind::is_directory),
            "preopen `{preopen}`: {path} is no directory of the tree; put one there with --dir"
        );
    }
    if let Some(Stream::File(path)) = &policy.stdin {
        ensure!(
            matches!(kind(path), Ok(EntryKind::File { .. })),
            "stdin is to be {path}, which is no file of the tree; put one there with --dir"
        );
    }
    Ok(())
}

fn write(
    output: &Output,
    rootfs: &Rootfs,
    destination: &Destination,
    progress: &dyn Progress,
) -> Result<()> {
    progress.begin(Stage::Writing, Some(output.len()));
    destination.write(progress, |out| output.write_to(&*rootfs.image, out))?;
    Ok(())
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| anyhow!("cannot read {}: {error}", named(path)))
}

/// Reads a program whole, after a look at its first bytes: no tree need be read for a file that
/// is no program.
fn read_program(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path).map_err(|error| anyhow!("cannot read {}: {error}", named(path)))?;
    let preamble = bytes.get(..8).unwrap_or(&bytes);
    crate::wasm::preamble::check_preamble(preamble).with_context(|| named(path))?;
    Ok(bytes)
}

fn named(path: &Path) -> String {
    format!("`{}`", path.display())
}

/// What was packed, for people: its text is the summary line.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the tree holds.
    pub totals: TreeTotals,
    /// Where the result went.
    pub destination: Destination,
    /// How long the result is.
    pub output_bytes: u64,
    /// What linking did; `None` when a tree was baked alone.
    pub link: Option<Summary>,
    /// What a function of the program printed that ran while it was packed.
    pub printed: Printed,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TreeTotals { files, file_bytes, shared_bytes, .. } = self.totals;
        let plural = if files == 1 { "file" } else { "files" };
        write!(f, "packed {files} {plural}, {}", human_bytes(file_bytes))?;
        if shared_bytes > 0 {
            write!(f, " ({} of it stored once for several)", human_bytes(shared_bytes))?;
        }
        write!(f, ", into {}: {}", self.destination, human_bytes(self.output_bytes))?;
        match &self.link {
            Some(link) => {
                let added = u64::try_from(link.added_bytes).map_or_else(
                    |_| {
                        format!(
                            "{} less than the program",
                            human_bytes(link.added_bytes.unsigned_abs())
                        )
                    },
                    |added| format!("{} of code and tables added", human_bytes(added)),
                );
                let imports = match link.imports.len() {
                    0 => "no imports".to_owned(),
                    1 => "1 import".to_owned(),
                    more => format!("{more} imports"),
                };
                write!(f, ", {} form, {added}, {imports}", link.form)?;
                if let Some(grown) = link.initialised_bytes {
                    let sign = if grown < 0 { "-" } else { "+" };
                    write!(f, ", {sign}{} by running", human_bytes(grown.unsigned_abs()))?;
                }
            }
            None => write!(f, ", adapter module")?,
        }
        write!(f, ", {:.2} s", self.elapsed.as_secs_f64())
    }
}
