//! A baked tree ([`Rootfs`]), and a program linked with one ([`Packed`]).

use crate::adapter::rootfs_module::RootfsModule;
use crate::adapter::shims;
use crate::disk::input::{FinalLink, open_regular};
use crate::disk::stamp::Stamp;
use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::link::missing::described;
use crate::link::{Summary, link_with_reserve};
use crate::output::Destination;
use crate::pack::component::{self, Encoded};
use crate::pack::input::{Program, named};
use crate::pack::preinit::{self, Preinit};
use crate::pack::report::{Printed, Report};
use crate::packed::component::Shell;
use crate::packed::contents_source::{ContentsSource, FileRange, ReaderRange};
use crate::packed::form::Form;
use crate::packed::hollow::HollowModule;
use crate::packed::section::Section;
use crate::preview1::ServedModule;
use crate::progress::{Listener, Progress, Stage};
use crate::tree::TreeTotals;
use anyhow::anyhow;
use std::fmt;
use std::io::{Read, Seek, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A baked tree: to be linked with programs, or written as a rootfs module. Cheap to clone.
///
/// ```
/// use wasm_vfs::{Form, Packer, Program, Rootfs, TreeBuilder};
///
/// # let directory = tempfile::tempdir()?;
/// # std::env::set_current_dir(&directory)?;
/// # let bytes = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
/// # for name in ["client", "server"] {
/// #     std::fs::write(format!("{name}.wasm"), &bytes)?;
/// # }
/// let tree = TreeBuilder::new().file("/etc/version", "1.2\n");
/// Packer::new(tree).bake()?.write("rootfs.wasm")?;
///
/// // Later, and without the directories:
/// let rootfs = Rootfs::open("rootfs.wasm")?;
/// for name in ["client", "server"] {
///     let program = Program::file(format!("{name}.wasm"));
///     rootfs.link(program, Form::Portable)?.write(format!("{name}-packed.wasm"))?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Rootfs {
    baked: Arc<Baked>,
    progress: Listener,
    /// Whether an import that nobody answers is an error.
    strict: bool,
    /// What a person should know of the tree, one line each.
    notes: Arc<[String]>,
}

struct Baked {
    module: RootfsModule,
    contents: Box<dyn ContentsSource + Send + Sync>,
    totals: TreeTotals,
}

impl fmt::Debug for Rootfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rootfs").field("totals", &self.baked.totals).finish_non_exhaustive()
    }
}

impl Rootfs {
    pub(crate) fn new(
        module: RootfsModule,
        contents: impl ContentsSource + Send + Sync + 'static,
        totals: TreeTotals,
        progress: Listener,
    ) -> Self {
        let contents = Box::new(contents);
        let baked = Arc::new(Baked { module, contents, totals });
        Self { baked, progress, strict: false, notes: Arc::new([]) }
    }

    /// Adds what a person should know of the tree.
    pub(crate) fn notes(mut self, notes: Vec<String>) -> Self {
        self.notes = notes.into();
        self
    }

    /// Opens a rootfs module that [`write`](Self::write) or `wasm-vfs image` wrote.
    ///
    /// # Errors
    ///
    /// If the file cannot be read ([`Io`](ErrorKind::Io)), is none that wasm-vfs wrote
    /// ([`NotPacked`](ErrorKind::NotPacked)), is a packed program
    /// ([`AlreadyPacked`](ErrorKind::AlreadyPacked)) or is
    /// damaged ([`Damaged`](ErrorKind::Damaged)).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self::read(path.as_ref())?)
    }

    fn read(path: &Path) -> InnerResult<Self> {
        let (mut file, found) = open_regular(path, FinalLink::Follow)?;
        let stamp = Stamp::of(&found);
        Stamp::settle([stamp]);
        let read = Self::module_and_totals(&mut file).about(|| named(path));
        let (module, bytes, totals) = read?;
        let contents = FileRange::new(file, path, stamp, bytes);
        Ok(Self::new(module, contents, totals, Listener::default()))
    }

    /// Reads a rootfs module from anything that can be read at any place. Its contents are read when
    /// a result is written.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_reader(mut file: impl Read + Seek + Send + 'static) -> Result<Self, Error> {
        let (module, bytes, totals) = Self::module_and_totals(&mut file)?;
        Ok(Self::new(module, ReaderRange::new(file, bytes), totals, Listener::default()))
    }

    fn module_and_totals(
        file: &mut (impl Read + Seek),
    ) -> InnerResult<(RootfsModule, Range<u64>, TreeTotals)> {
        let (module, bytes) = RootfsModule::read_from(file).of_kind(ErrorKind::Damaged)?;
        let totals = module.section.tree().of_kind(ErrorKind::Damaged)?.totals();
        Ok((module, bytes, totals))
    }

    /// Reports linking and writing to `progress`.
    #[must_use]
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.progress = Listener::new(progress);
        self
    }

    /// Refuses a program with an import that neither the filesystem nor a WASI host answers, where
    /// it is known whose it is: [`Summary::unanswered_imports`]. Without this, a note of the report
    /// names them.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Links a program with this tree.
    ///
    /// # Errors
    ///
    /// If the program cannot be read, is no core module, is packed already, or cannot be served.
    pub fn link(&self, program: Program, form: Form) -> Result<Packed, Error> {
        let bytes = program.read_module()?;
        Ok(program.blame(self.link_bytes(&bytes, form, None))?)
    }

    /// Links a program, so that `preinit` can run.
    pub(crate) fn link_bytes(
        &self,
        program: &[u8],
        form: Form,
        preinit: Option<&Preinit>,
    ) -> InnerResult<Packed> {
        self.progress.begin(Stage::Linking, Some(1));
        let reserve = preinit.map_or(0, |_| preinit::ADDED_SEGMENTS);
        let linked = link_with_reserve(program, &self.baked.module, form, reserve)
            .of_kind(ErrorKind::Unservable)?;
        if let Some(unanswered) =
            described(&linked.summary.unanswered_imports).filter(|_| self.strict)
        {
            return Err(anyhow!("{unanswered}")).of_kind(ErrorKind::Unservable);
        }
        self.progress.advance(1);
        Ok(Packed {
            module: linked.output,
            section: linked.section,
            summary: linked.summary,
            component: None,
            printed: Printed::default(),
            rootfs: self.clone(),
        })
    }

    /// Writes the tree as a rootfs module: `wasm-vfs image`. Returns how many bytes that were.
    ///
    /// If it is in a directory that is packed, keep an earlier result out of the tree with
    /// [`TreeBuilder::leave_out`](crate::TreeBuilder::leave_out).
    ///
    /// # Errors
    ///
    /// If the output cannot be written, or a file of the tree has changed since it was read.
    /// Nothing is written then.
    pub fn write(&self, destination: impl Into<Destination>) -> Result<u64, Error> {
        let module = &self.baked.module.module;
        Ok(self
            .write_file(module.len(), &destination.into(), |out| self.write_module(module, out))?)
    }

    /// Writes `len` bytes, which `contents` produces.
    fn write_file(
        &self,
        len: u64,
        destination: &Destination,
        contents: impl FnOnce(&mut dyn Write) -> InnerResult<()>,
    ) -> InnerResult<u64> {
        self.progress.begin(Stage::Writing, Some(len));
        destination.write_with(&*self.progress, contents)
    }

    fn write_module(&self, module: &HollowModule, out: &mut dyn Write) -> InnerResult<()> {
        module.write_to(&*self.baked.contents, out).of_kind(ErrorKind::Tree)
    }

    /// Returns the module that Binaryen's `wasm-merge` takes as `wasi_host` beside the rootfs
    /// module.
    ///
    /// # Errors
    ///
    /// If the rootfs module is damaged.
    pub fn wasm_merge_shim(&self) -> Result<Vec<u8>, Error> {
        Ok(shims::for_wasm_merge(&self.baked.module).of_kind(ErrorKind::Damaged)?)
    }

    /// Returns the module that Binaryen's `wasm-merge` takes as `wasm_vfs`, or as `wali`, beside the
    /// program and a rootfs module that was baked with [`Packer::calls`](crate::Packer::calls): it
    /// hands Linux's calls on.
    ///
    /// # Errors
    ///
    /// If the rootfs module is damaged, or was baked without the calls.
    pub fn wasm_merge_calls_shim(&self, calls: CallsModule) -> Result<Vec<u8>, Error> {
        let module = match calls {
            CallsModule::WasmVfs => ServedModule::WasmVfs,
            CallsModule::Wali => ServedModule::Wali,
        };
        let shim = shims::calls_for_wasm_merge(&self.baked.module, module);
        Ok(shim.of_kind(ErrorKind::Damaged)?)
    }

    /// Returns the two modules with which any engine that has multi-memory can bind the rootfs
    /// module to a program when both are instantiated. `embed::RunTimeLinker` does it under
    /// wasmtime.
    ///
    /// # Errors
    ///
    /// If the rootfs module is damaged.
    pub fn run_time_shims(&self) -> Result<RunTimeShims, Error> {
        let module = &self.baked.module;
        Ok(RunTimeShims {
            host: shims::host(module).of_kind(ErrorKind::Damaged)?,
            calls: shims::calls(module).of_kind(ErrorKind::Damaged)?,
        })
    }

    /// Returns what was baked.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            totals: self.baked.totals,
            output_bytes: self.baked.module.module.len(),
            link: None,
            component_imports: None,
            printed: Printed::default(),
            tree_notes: self.notes.to_vec(),
        }
    }

    /// The module, for tests of the linker.
    #[doc(hidden)]
    #[must_use]
    pub fn module(&self) -> &RootfsModule {
        &self.baked.module
    }
}

/// A module that programs import Linux's calls from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallsModule {
    /// `wasm_vfs`: by Linux's names.
    WasmVfs,
    /// `wali`: as programs of WALI do, with `SYS_` before the names.
    Wali,
}

/// The modules that stand between a rootfs module, a program and an engine when nothing is linked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunTimeShims {
    /// Imports the program's memory as `app.memory` and the WASI host's functions by their real
    /// names; exports the memory as `memory`, and the functions that a rootfs module imports from
    /// `wasi_host`. An engine's functions look for `memory` in the instance that called them.
    pub host: Vec<u8>,
    /// Exports the functions of preview1, each of which calls through the exported table
    /// `functions`, and the table. A program that exports its memory is instantiated with these;
    /// fill the table, in the order of the exports, with the rootfs module's functions of the same
    /// names before you start the program.
    pub calls: Vec<u8>,
}

/// A program linked with a tree, not yet written: what [`Packer::pack`](crate::Packer::pack)
/// returns. Cheap to clone.
///
/// ```
/// use wasm_vfs::{Packer, Program, TreeBuilder};
///
/// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
/// let tree = TreeBuilder::new().file("/etc/version", "1.2\n");
/// let packed = Packer::new(tree).pack(Program::bytes("app", program))?;
/// let report = packed.report();
/// assert_eq!(report.totals.files, 1);
/// assert_eq!(report.output_bytes, packed.to_vec()?.len() as u64);
/// println!("{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Packed {
    module: HollowModule,
    section: Section,
    summary: Summary,
    /// What is around the module, if it is to be a component.
    component: Option<Shell>,
    printed: Printed,
    rootfs: Rootfs,
}

impl Packed {
    /// The same after a function of the program has run.
    pub(crate) fn initialised(self, preinit: &Preinit, name: &str) -> InnerResult<Self> {
        self.rootfs.progress.begin(Stage::Initialising, None);
        let contents = &*self.rootfs.baked.contents;
        let ran = preinit::run(preinit, &self.module, &self.section, contents, name);
        let (module, printed) = ran.of_kind(ErrorKind::Run)?;
        let grown = i64::try_from(module.len())? - i64::try_from(self.module.len())?;
        let summary = Summary { initialised_bytes: Some(grown), ..self.summary };
        Ok(Self { module, printed, summary, ..self })
    }

    /// Makes a component of WASI 0.2 of it: a command if the program exports `_start`, else a
    /// reactor. See [`Packer::component`](crate::Packer::component).
    ///
    /// # Errors
    ///
    /// If it is hermetic ([`Policy`](ErrorKind::Policy)), or imports what no host of components
    /// provides ([`Unservable`](ErrorKind::Unservable)).
    pub fn into_component(self) -> Result<Self, Error> {
        Ok(self.componentized()?)
    }

    pub(crate) fn componentized(mut self) -> InnerResult<Self> {
        let Encoded { shell, module, note } = component::encode(&self.module, &self.section)?;
        self.summary.notes.extend(note);
        Ok(Self { component: Some(shell), module, ..self })
    }

    /// Length in bytes of the result.
    fn len(&self) -> u64 {
        let module = self.module.len();
        self.component.as_ref().map_or(module, |shell| shell.len(module))
    }

    fn write_to(&self, out: &mut dyn Write) -> InnerResult<()> {
        match &self.component {
            None => self.rootfs.write_module(&self.module, out),
            Some(shell) => shell.write_to(self.module.len(), out, |out| {
                self.rootfs.write_module(&self.module, out)
            }),
        }
    }

    pub(crate) fn note(&mut self, note: String) {
        self.summary.notes.push(note);
    }

    /// Returns what linking did.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Returns what was packed.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            totals: self.rootfs.baked.totals,
            output_bytes: self.len(),
            link: Some(self.summary.clone()),
            component_imports: self
                .component
                .as_ref()
                .map(|shell| shell.interfaces().imports.clone()),
            printed: self.printed.clone(),
            tree_notes: self.rootfs.notes.to_vec(),
        }
    }

    /// Returns the module, or the component around it, contents and all.
    ///
    /// # Errors
    ///
    /// If a file of the tree cannot be read, or has changed since it was packed.
    pub fn to_vec(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let written = usize::try_from(self.len()).map_err(anyhow::Error::from).and_then(|len| {
            bytes.reserve(len);
            self.write_to(&mut bytes)
        });
        written.of_kind(ErrorKind::Tree)?;
        Ok(bytes)
    }

    /// Writes the module, or the component around it, to a file or to standard output. Returns how
    /// many bytes that were.
    ///
    /// A file takes its name when all of it is there. If it is in a directory that is packed, keep
    /// an earlier result out of the tree with
    /// [`TreeBuilder::leave_out`](crate::TreeBuilder::leave_out).
    ///
    /// # Errors
    ///
    /// If the output cannot be written, or a file of the tree has changed since it was packed.
    /// Nothing is written then.
    pub fn write(&self, destination: impl Into<Destination>) -> Result<u64, Error> {
        let destination = destination.into();
        Ok(self.rootfs.write_file(self.len(), &destination, |out| self.write_to(out))?)
    }
}
