//! A packed module becomes a component of WASI 0.2: `pack --component`.
//!
//! `wit-component` encodes it, with Bytecode Alliance's adapter that serves preview1 by WASI 0.2.
//! That adapter works on the packed module's memory. The two pages that it wants for itself it gets
//! of our `cabi_realloc_adapter` (portable form), above all that the program will use: see
//! [`portable`](crate::link::forms::portable).
//!
//! Only the hollow module is encoded. It is in the component as it is, so its contents are streamed
//! into their place when the component is written.

use std::collections::BTreeSet;

use anyhow::{Context, Result, anyhow, ensure};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::ExternalKind;
use wit_component::ComponentEncoder;

use crate::error::{ErrorKind, Marked as _};
use crate::packed::component::Shell;
use crate::packed::hollow::HollowModule;
use crate::packed::section::Section;
use crate::preview1::PREVIEW1;
use crate::wasm::module::Module;

/// The export that makes a module a command.
const START: &str = "_start";
/// How custom sections begin that say which world a program was built for.
const COMPONENT_TYPE: &str = "component-type";

/// What was made of a packed module.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// What is around the module.
    pub(crate) shell: Shell,
    /// The module itself.
    pub(crate) module: HollowModule,
    /// What a person should know.
    pub(crate) note: Option<String>,
}

/// Makes a component of a packed module: a command if it exports `_start`, else a reactor.
///
/// # Errors
///
/// When a component cannot serve the program.
pub(crate) fn encode(module: &HollowModule, section: &Section) -> Result<Encoded> {
    check_policy(section).of_kind(ErrorKind::Policy)?;
    let parsed = Module::parse(module.hollow()).of_kind(ErrorKind::Internal)?;
    check_imports(&parsed).of_kind(ErrorKind::Unservable)?;
    let is_command = parsed.exported(START, ExternalKind::Func).is_some();
    let adapter = if is_command {
        WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
    } else {
        WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
    };
    let component = ComponentEncoder::default()
        .validate(true)
        .module(module.hollow())
        .and_then(|encoder| encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter))
        .and_then(|mut encoder| encoder.encode());
    let component =
        component.context("it cannot be made a component").of_kind(ErrorKind::Unservable)?;
    let (shell, encoded) = Shell::around(&component).of_kind(ErrorKind::Internal)?;
    // The encoder takes custom sections out of the module, which belong to the program when it is
    // packed again. Only if it gave imports other names is the module its own.
    let same = import_names(&Module::parse(encoded)?) == import_names(&parsed);
    let module = if same {
        module.clone()
    } else {
        HollowModule::from_hollow(encoded, module.contents_len()).of_kind(ErrorKind::Internal)?
    };
    Ok(Encoded { shell, module, note: exit_note(&parsed, is_command) })
}

/// Refuses what makes no sense in a component.
fn check_policy(section: &Section) -> Result<()> {
    ensure!(
        !section.chosen()?.hermetic,
        "what a hermetic program leaves is read through exported functions (`wasm_vfs_*`), and a component exports \
         interfaces only: pack it without --hermetic, or without --component"
    );
    Ok(())
}

/// Checks that somebody provides what the module imports.
fn check_imports(module: &Module<'_>) -> Result<()> {
    // A program that was built for a world says itself what its imports are.
    if module.customs.iter().any(|custom| custom.reader.name().starts_with(COMPONENT_TYPE)) {
        return Ok(());
    }
    match module.imports.iter().find(|import| import.module != PREVIEW1) {
        None => Ok(()),
        Some(import) => Err(anyhow!(
            "it imports `{}.{}`, which no host of components provides: pack it without --component, or build it \
             without that import",
            import.module,
            import.name
        )),
    }
}

/// The names of all imports.
fn import_names<'m>(module: &'m Module<'_>) -> BTreeSet<(&'m str, &'m str)> {
    module.imports.iter().map(|import| (import.module, import.name)).collect()
}

/// What becomes of the exit status.
fn exit_note(module: &Module<'_>, is_command: bool) -> Option<String> {
    let exits = module.imports.iter().any(|import| import.name == "proc_exit");
    (is_command && exits).then(|| {
        "WASI 0.2 tells a host whether a command succeeded, no more: of the component every exit status but 0 is 1"
            .to_owned()
    })
}
