//! Packing from end to end: tree -> bake -> lower -> link, and what is written of it.
//!
//! The command line's `pack`, `image` and `link` are these calls, and a build script makes them
//! too.

pub(crate) mod component;
#[cfg(test)]
mod damaged;
pub(crate) mod input;
#[cfg(feature = "run")]
pub(crate) mod preinit;
#[cfg(not(feature = "run"))]
#[path = "preinit_absent.rs"]
pub(crate) mod preinit;
pub(crate) mod report;
pub(crate) mod rootfs;

use crate::adapter::bake::{
    ADAPTER_CALLS_CORE, ADAPTER_CORE, ADAPTER_LEAN_CORE, ADAPTER_MOUNTS_CORE, Baker,
};
use crate::adapter::lower::lower;
use crate::error::{Error, ErrorKind, InnerResult, Marked as _, mark};
use crate::gather::builder::{Gathered, TreeBuilder};
use crate::linux_calls;
use crate::pack::input::{Input, PackedWith, Program};
use crate::pack::preinit::Preinit;
use crate::pack::rootfs::{Packed, Rootfs};
use crate::packed::contents_source::ContentsSource as _;
use crate::packed::form::Form;
use crate::policy::Policy;
use crate::policy::settled::Settled;
use crate::policy::values::{Overlay, Stream};
use crate::progress::{Listener, Progress};
use crate::tree::{EntryKind, FinalSymlink, Tree};
use anyhow::{anyhow, ensure};
use std::thread;

/// Packs a program with a tree.
///
/// ```
/// use wasm_vfs::{Form, Packer, Program, TreeBuilder};
///
/// # let directory = tempfile::tempdir()?;
/// # std::env::set_current_dir(&directory)?;
/// # std::fs::create_dir("assets")?;
/// # std::fs::write("app.wasm", wat::parse_str(wasm_vfs::doc::PROGRAM)?)?;
/// // In a build.rs, say:
/// let tree = TreeBuilder::new().dir("assets", "/assets").exclude("*.psd");
/// let packed = Packer::new(tree).form(Form::Isolated).pack(Program::file("app.wasm"))?;
/// packed.write("app-packed.wasm")?;
/// println!("{}", packed.report());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Packer {
    tree: TreeBuilder,
    /// `None`: portable, or the form in which the program was packed before.
    form: Option<Form>,
    /// `None`: a module, or a component if the program was packed as one before.
    component: Option<bool>,
    policy: Policy,
    /// Whether Linux's calls are served.
    calls: bool,
    preinit: Option<Preinit>,
    /// Whether an import that nobody answers is an error.
    strict: bool,
    progress: Listener,
    /// `None`: the build that travels with the library.
    adapter_core: Option<Vec<u8>>,
}

impl Packer {
    /// Packs this tree, in the portable form, or in the form in which the program was packed
    /// before.
    #[must_use]
    pub fn new(tree: TreeBuilder) -> Self {
        Self {
            tree,
            form: None,
            component: None,
            policy: Policy::default(),
            calls: false,
            preinit: None,
            strict: false,
            progress: Listener::default(),
            adapter_core: None,
        }
    }

    /// Packs another tree.
    pub(crate) fn tree(mut self, tree: TreeBuilder) -> Self {
        self.tree = tree;
        self
    }

    /// Packs in this form.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.form = Some(form);
        self
    }

    /// Makes a component of WASI 0.2 rather than a module, or the other way round: a command if the
    /// program exports `_start`, else a reactor. The packed module is in it as it is, with an
    /// adapter that serves preview1 by WASI 0.2. Its host learns of the exit status only whether it
    /// is 0.
    ///
    /// ```
    /// use wasm_vfs::{PackedModule, Packer, Program, TreeBuilder};
    ///
    /// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
    /// let packer = Packer::new(TreeBuilder::new().file("/etc/version", "1.2\n"));
    /// let component = packer.component(true).pack(Program::bytes("app", program))?.to_vec()?;
    /// let packed = PackedModule::from_reader(std::io::Cursor::new(component))?;
    /// assert!(packed.is_component());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn component(mut self, component: bool) -> Self {
        self.component = Some(component);
        self
    }

    /// Chooses what the program sees beside the tree. A program that was packed before keeps what
    /// you do not choose anew.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Serves Linux's calls, too (the modules `wasm_vfs` and `wali`): for trees that are baked for
    /// programs to come. A program that is packed says by its imports whether it makes them.
    #[must_use]
    pub fn calls(mut self, calls: bool) -> Self {
        self.calls = calls;
        self
    }

    /// Runs a function of the program when it is packed; each start goes on from there.
    #[cfg(feature = "run")]
    #[must_use]
    pub fn preinit(mut self, preinit: Preinit) -> Self {
        self.preinit = Some(preinit);
        self
    }

    /// Refuses a program with an import that neither the filesystem nor a WASI host answers, where
    /// it is known whose it is: [`Summary::unanswered_imports`](crate::Summary). Without this, a
    /// note of the report names them.
    ///
    /// ```
    /// use wasm_vfs::{ErrorKind, Packer, Program, TreeBuilder};
    ///
    /// # let text = wasm_vfs::doc::PROGRAM.replacen("(import", "(import \"wasix_32v1\" \"getcwd\" (func)) (import", 1);
    /// # let program = wat::parse_str(text)?;
    /// let packer = Packer::new(TreeBuilder::new());
    /// let packed = packer.pack(Program::bytes("app", &program))?;
    /// assert!(packed.report().notes()[0].contains("`wasix_32v1.getcwd`"));
    /// let error = packer.strict(true).pack(Program::bytes("app", program)).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unservable);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Reports the work to `progress`. Without it nobody is told.
    #[must_use]
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.progress = Listener::new(progress);
        self
    }

    /// Uses another build of the adapter's core module.
    #[doc(hidden)]
    #[must_use]
    pub fn adapter_core(mut self, core: impl Into<Vec<u8>>) -> Self {
        self.adapter_core = Some(core.into());
        self
    }

    /// Packs a program. Nothing is written before you call [`Packed::write`].
    ///
    /// A module that was packed before is packed again: the directories are laid over its tree,
    /// where a file takes the place of what is there and directories merge.
    ///
    /// # Errors
    ///
    /// In this order: the program cannot be read or is no core module ([`Io`](ErrorKind::Io),
    /// [`NotWasm`](ErrorKind::NotWasm), [`Component`](ErrorKind::Component)); it was packed and
    /// then changed by another tool ([`Damaged`](ErrorKind::Damaged)); choices of the policy
    /// contradict each other ([`Policy`](ErrorKind::Policy)); the tree cannot be read
    /// ([`Tree`](ErrorKind::Tree), [`Io`](ErrorKind::Io)); no filesystem can serve the program
    /// ([`Unservable`](ErrorKind::Unservable)); its function failed ([`Run`](ErrorKind::Run)).
    pub fn pack(&self, program: Program) -> Result<Packed, Error> {
        Ok(self.pack_input(&program, Input::read(&program)?)?)
    }

    fn pack_input(&self, program: &Program, input: Input) -> InnerResult<Packed> {
        let (mut packer, note) = self.over(input.before);
        let mut bytes = input.program;
        packer.calls |= linux_calls::are_made_by(&bytes);
        if let Some(preinit) = &packer.preinit {
            preinit.check_policy(&packer.policy).of_kind(ErrorKind::Policy)?;
            bytes = program.blame(preinit.with_start(bytes).of_kind(ErrorKind::Run))?;
        }
        let rootfs = packer.baked()?;
        let form = packer.form.unwrap_or_default();
        let linked = rootfs.link_bytes(&bytes, form, packer.preinit.as_ref());
        let packed = linked.and_then(|packed| match &packer.preinit {
            Some(preinit) => packed.initialised(preinit, program.name()),
            None => Ok(packed),
        });
        let packed = packed.and_then(|packed| match packer.component {
            Some(true) => packed.componentized(),
            _ => Ok(packed),
        });
        let mut packed = program.blame(packed)?;
        if let Some(note) = note {
            packed.note(note);
        }
        Ok(packed)
    }

    /// This packer, working on what a program was packed with before; and what a person should know
    /// of that.
    fn over(&self, before: Option<PackedWith>) -> (Self, Option<String>) {
        let mut packer = self.clone();
        let Some(PackedWith { tree, policy, form, component }) = before else {
            return (packer, None);
        };
        let files = tree.tree().totals().files;
        packer.form = packer.form.or(Some(form));
        packer.component = packer.component.or(Some(component));
        packer.policy = policy.packed_again_with(self.policy.clone());
        packer.tree = packer.tree.base(tree);
        let note = format!(
            "it was packed before ({form} form{}); its {files} files are kept where nothing is laid over them",
            if component { ", a component" } else { "" }
        );
        (packer, Some(note))
    }

    /// Bakes the tree alone, to be linked with several programs or written as a rootfs module.
    ///
    /// # Errors
    ///
    /// If a form, a component or a function to run was chosen, or choices of the policy contradict each other
    /// ([`Policy`](ErrorKind::Policy)), or the tree cannot be read or does not
    /// fit ([`Tree`](ErrorKind::Tree), [`Io`](ErrorKind::Io)).
    pub fn bake(&self) -> Result<Rootfs, Error> {
        let Self {
            tree: _,
            form,
            component,
            policy: _,
            calls: _,
            preinit,
            // The programs that are linked with the tree are held to it.
            strict: _,
            progress: _,
            adapter_core: _,
        } = self;
        let about_a_program = form.is_some() || preinit.is_some() || component.is_some();
        if about_a_program {
            let error = anyhow!(
                "a form, a component and a function to run are about a program, and there is none to bake: choose them \
                 when you link (`Rootfs::link`, `Packed::into_component`), or pack"
            );
            return Err(mark(error, ErrorKind::Policy).into());
        }
        Ok(self.baked()?)
    }

    fn baked(&self) -> InnerResult<Rootfs> {
        // Contradictions first: the tree might name their consequences.
        let settled = self.policy.settle().of_kind(ErrorKind::Policy)?;
        self.check_calls(&settled).of_kind(ErrorKind::Policy)?;
        let (gathered, baker) = thread::scope(|scope| {
            let baker = scope.spawn(|| Baker::new(self.core(&settled)));
            let tree = self.tree_with_mounts(&settled).dev(!settled.no_dev);
            let gathered = tree.gather(&*self.progress);
            let baker = baker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (gathered, baker)
        });
        let Gathered { tree, contents, notes } = gathered.of_kind(ErrorKind::Tree)?;
        check_places(&settled, &tree).of_kind(ErrorKind::Policy)?;
        let baked = baker?.bake(&tree, &self.policy, &*self.progress).of_kind(ErrorKind::Tree)?;
        let module = lower(&baked.module, contents.len(), &baked.manifest, &self.policy)?;
        let rootfs = Rootfs::new(module, contents, tree.totals(), self.progress.clone());
        Ok(rootfs.notes(notes).strict(self.strict))
    }

    /// Checks that Linux's calls can be served with what the policy chooses.
    fn check_calls(&self, policy: &Settled) -> InnerResult<()> {
        ensure!(
            !self.calls || policy.has_no_mounts(),
            "Linux's calls (imports of `wasm_vfs` or `wali`) do not reach directories of the host: \
             pack it without --mount and --overlay, or build it for preview1 alone"
        );
        Ok(())
    }

    /// The core module that serves the policy.
    fn core(&self, policy: &Settled) -> &[u8] {
        match &self.adapter_core {
            Some(core) => core,
            None if self.calls => ADAPTER_CALLS_CORE,
            None if !policy.has_no_mounts() => ADAPTER_MOUNTS_CORE,
            None if policy.strip_host_api => ADAPTER_LEAN_CORE,
            None => ADAPTER_CORE,
        }
    }

    /// The tree with the directories at which those of the WASI host will appear.
    fn tree_with_mounts(&self, policy: &Settled) -> TreeBuilder {
        let mut tree = self.tree.clone();
        for point in &policy.mount {
            tree = tree.mount_point(&point.guest);
        }
        for Overlay(point) in &policy.overlay {
            tree = tree.overlay_point(&point.guest);
        }
        tree
    }
}

/// Checks that the tree has what the program is to find open.
fn check_places(policy: &Settled, tree: &Tree) -> InnerResult<()> {
    let kind = |path: &str| {
        let index = tree.find(path.as_bytes(), FinalSymlink::Follow)?;
        anyhow::Ok(&tree.entries()[index].kind)
    };
    for preopen in &policy.preopen {
        let path = preopen.path.to_string();
        ensure!(
            kind(&path).is_ok_and(EntryKind::is_directory),
            "preopen `{preopen}`: {path} is no directory of the tree; put one there with --dir"
        );
    }
    if let Stream::File(path) = &policy.stdin {
        ensure!(
            matches!(kind(path), Ok(EntryKind::File { .. })),
            "stdin is to be {path}, which is no file of the tree; put one there with --dir"
        );
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn program(text: &str) -> Program {
        Program::bytes("app", wat::parse_str(text).unwrap())
    }

    /// The kind of the error of packing this with this tree and policy.
    fn kind(program: Program, tree: TreeBuilder, policy: &str) -> ErrorKind {
        let policy = Policy::from_toml(policy).unwrap();
        Packer::new(tree).policy(policy).pack(program).unwrap_err().kind()
    }

    #[test]
    fn each_error_has_its_kind() {
        let good = || program(crate::doc::PROGRAM);
        let tree = TreeBuilder::new;
        let packed = Packer::new(tree()).pack(good()).unwrap().to_vec().unwrap();
        let component = Program::bytes("app", b"\0asm\x0d\0\x01\0");
        for (kind, wants, what) in [
            (kind(Program::bytes("app", b"#!"), tree(), ""), ErrorKind::NotWasm, "a script"),
            (kind(component, tree(), ""), ErrorKind::Component, "a component"),
            (kind(program("(module)"), tree(), ""), ErrorKind::Unservable, "no memory"),
            (kind(Program::file("/no/such/file"), tree(), ""), ErrorKind::Io, "no program"),
            (kind(good(), tree().dir("/no/such/file", "/x"), ""), ErrorKind::Io, "no directory"),
            (kind(good(), tree().file("relative", ""), ""), ErrorKind::Tree, "a relative path"),
            (kind(good(), tree(), "mount = ['/']"), ErrorKind::Policy, "a hidden tree"),
            (kind(good(), tree(), "preopen = ['/none']"), ErrorKind::Policy, "no preopen"),
            (
                kind(Program::bytes("app", &packed[..100]), tree(), ""),
                ErrorKind::Damaged,
                "cut short",
            ),
        ] {
            assert_eq!(kind, wants, "{what}");
        }
        let linked =
            Packer::new(tree()).bake().unwrap().link(Program::bytes("app", packed), Form::Portable);
        assert_eq!(linked.unwrap_err().kind(), ErrorKind::AlreadyPacked);
        let nothing = crate::PackedModule::from_reader(std::io::Cursor::new(b"\0asm\x01\0\0\0"));
        assert_eq!(nothing.unwrap_err().kind(), ErrorKind::NotPacked);
        let error = Policy::from_toml("hermatic = true").unwrap_err();
        assert_eq!(error.to_string(), "there is no key `hermatic`; did you mean `hermetic`?");
        assert_eq!(error.kind(), ErrorKind::Policy);
        assert_eq!(Policy::from_toml("dir = []").unwrap_err().kind(), ErrorKind::Policy);
        let written = Packer::new(tree()).pack(good()).unwrap().write(".").unwrap_err();
        assert_eq!(written.kind(), ErrorKind::Io);
        let baked = Packer::new(tree()).form(Form::Isolated).bake().unwrap_err();
        assert_eq!(baked.kind(), ErrorKind::Policy);
        let named = Packer::new(tree()).pack(Program::file("Cargo.toml")).unwrap_err().to_string();
        assert!(named.starts_with("`Cargo.toml`: it is not WebAssembly"), "{named}");
    }
}
