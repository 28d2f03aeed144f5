//! The component around a packed module: what `pack --component` writes.
//!
//! A component is a run of sections, and one of them *is* the packed module, byte for byte as it
//! would be written alone. So whoever reads packed modules needs to know only where in the file
//! theirs lies ([`module_in`]), and a component is written as what is before the module, the module
//! with its contents, and what is behind it ([`Shell`]).

use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use wasm_encoder::Encode as _;
use wasmparser::{
    BinaryReader, ComponentExportSectionReader, ComponentExternName, ComponentImportSectionReader,
};

use crate::packed::section::SECTION_NAME;
use crate::wasm::framing::{
    CUSTOM_SECTION, PREAMBLE_BYTES, custom_named, read_range, section_header,
};
use crate::wasm::preamble::{Kind, check_preamble, kind};

/// Section ids of components that are looked at here.
const CORE_MODULE_SECTION: u8 = 1;
const IMPORT_SECTION: u8 = 10;
const EXPORT_SECTION: u8 = 11;

/// Where in a file the core module lies that may be a packed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModulePlace {
    /// The module's bytes.
    pub(crate) bytes: Range<u64>,
    /// Whether they are a part of a component.
    pub(crate) in_component: bool,
}

/// Finds the packed module of a file: the whole file if that is a core module, packed or not, else
/// the core module of a component that has a `wasm-vfs` section.
///
/// # Errors
///
/// When the file cannot be read, is not wasm, or is a component without a packed module.
pub(crate) fn module_in(file: &mut (impl Read + Seek)) -> Result<ModulePlace> {
    let end = file.seek(SeekFrom::End(0))?;
    let preamble = read_range(file, 0..PREAMBLE_BYTES.min(end))?;
    if kind(&preamble) == Some(Kind::Component)
        && let Some(ModuleSection { bytes, .. }) = packed_module(file, end)?
    {
        return Ok(ModulePlace { bytes, in_component: true });
    }
    check_preamble(&preamble)?;
    Ok(ModulePlace { bytes: 0..end, in_component: false })
}

/// The packed module among the core modules of a component. All sections are looked at, so that a
/// file that is cut short is no component.
fn packed_module(file: &mut (impl Read + Seek), end: u64) -> Result<Option<ModuleSection>> {
    let mut found = None;
    let mut at = PREAMBLE_BYTES;
    while at < end {
        let (id, bytes) = section_header(file, at, end)?;
        let next = bytes.end;
        if id == CORE_MODULE_SECTION && found.is_none() && is_packed(file, bytes.clone())? {
            found = Some(ModuleSection { header: at, bytes });
        }
        at = next;
    }
    Ok(found)
}

/// A section that is a core module.
struct ModuleSection {
    /// Where its id and size start.
    header: u64,
    /// The module.
    bytes: Range<u64>,
}

/// Whether a core module has a `wasm-vfs` section.
fn is_packed(file: &mut (impl Read + Seek), module: Range<u64>) -> Result<bool> {
    let mut at = module.start + PREAMBLE_BYTES;
    while at < module.end {
        let (id, payload) = section_header(file, at, module.end)?;
        if id == CUSTOM_SECTION && custom_named(file, payload.clone(), SECTION_NAME)?.is_some() {
            return Ok(true);
        }
        at = payload.end;
    }
    Ok(false)
}

/// The names of what a component imports and exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interfaces {
    /// What its host provides, such as `wasi:io/streams@0.2.6`.
    pub imports: Vec<String>,
    /// What it provides, such as `wasi:cli/run@0.2.6`.
    pub exports: Vec<String>,
}

impl Interfaces {
    /// Reads what the component in `file` imports and exports.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is damaged.
    pub(crate) fn of(file: &mut (impl Read + Seek)) -> Result<Self> {
        let end = file.seek(SeekFrom::End(0))?;
        let mut found = Self::default();
        let mut at = PREAMBLE_BYTES;
        while at < end {
            let (id, payload) = section_header(file, at, end)?;
            if id == IMPORT_SECTION {
                let bytes = read_range(file, payload.clone())?;
                let reader = ComponentImportSectionReader::new(BinaryReader::new(&bytes, 0))?;
                for import in reader {
                    found.imports.push(name(&import?.name));
                }
            } else if id == EXPORT_SECTION {
                let bytes = read_range(file, payload.clone())?;
                let reader = ComponentExportSectionReader::new(BinaryReader::new(&bytes, 0))?;
                for export in reader {
                    found.exports.push(name(&export?.name));
                }
            }
            at = payload.end;
        }
        Ok(found)
    }
}

fn name(name: &ComponentExternName<'_>) -> String {
    format!("{}{}", name.name, name.version_suffix.unwrap_or_default())
}

/// All of a component but the packed module in it.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// What is before the section that is the module.
    before: Vec<u8>,
    /// What is behind it.
    after: Vec<u8>,
    interfaces: Interfaces,
}

impl Shell {
    /// Takes a component apart; also returns the packed module in it.
    ///
    /// # Errors
    ///
    /// When no packed module is in it, or it is damaged.
    pub(crate) fn around(component: &[u8]) -> Result<(Self, &[u8])> {
        let file = &mut Cursor::new(component);
        let interfaces = Interfaces::of(file)?;
        let section = packed_module(file, component.len() as u64)?;
        let ModuleSection { header, bytes } =
            section.context("the component has no packed module in it")?;
        let index = |at: u64| usize::try_from(at).context("it is in memory");
        let before = component[..index(header)?].to_vec();
        let module = &component[index(bytes.start)?..index(bytes.end)?];
        let after = component[index(bytes.end)?..].to_vec();
        Ok((Self { before, after, interfaces }, module))
    }

    /// What the component imports and exports.
    pub(crate) fn interfaces(&self) -> &Interfaces {
        &self.interfaces
    }

    /// Length in bytes of the component with a module of `module_len` bytes.
    pub(crate) fn len(&self, module_len: u64) -> u64 {
        let header = module_header(module_len).len();
        (self.before.len() + header + self.after.len()) as u64 + module_len
    }

    /// Writes the component; `module` writes the module, which is `module_len` bytes long.
    ///
    /// # Errors
    ///
    /// When the module is too long for a section, or cannot be written.
    pub(crate) fn write_to<W: Write + ?Sized>(
        &self,
        module_len: u64,
        out: &mut W,
        module: impl FnOnce(&mut W) -> Result<()>,
    ) -> Result<()> {
        ensure!(
            u32::try_from(module_len).is_ok(),
            "the packed module has {module_len} bytes; a component holds modules of less than 4 GiB: pack fewer files"
        );
        out.write_all(&self.before)?;
        out.write_all(&module_header(module_len))?;
        module(out)?;
        out.write_all(&self.after)?;
        Ok(())
    }
}

/// Id and size of the section that is the module.
fn module_header(module_len: u64) -> Vec<u8> {
    let mut header = vec![CORE_MODULE_SECTION];
    module_len.encode(&mut header);
    header
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};
    use wasm_encoder::{Component, CustomSection, Module};

    fn module(custom: &str) -> Module {
        let mut module = Module::new();
        module.section(&CustomSection { name: custom.into(), data: [1, 2, 3].as_slice().into() });
        module
    }

    fn component(customs: &[&str]) -> Vec<u8> {
        let mut component = Component::new();
        component.section(&CustomSection { name: SECTION_NAME.into(), data: [].as_slice().into() });
        for custom in customs {
            component.section(&wasm_encoder::ModuleSection(&module(custom)));
        }
        component.finish()
    }

    #[test]
    fn the_packed_module_is_found_among_others() {
        let bytes = component(&["other", SECTION_NAME, "another"]);
        let place = module_in(&mut Cursor::new(&bytes)).unwrap();
        assert!(place.in_component);
        let range =
            usize::try_from(place.bytes.start).unwrap()..place.bytes.end.try_into().unwrap();
        assert_eq!(bytes[range], module(SECTION_NAME).finish());
        let core = module("other").finish();
        let whole = ModulePlace { bytes: 0..core.len() as u64, in_component: false };
        assert_eq!(module_in(&mut Cursor::new(&core)).unwrap(), whole);
    }

    #[test]
    fn other_components_are_refused() {
        let bytes = component(&["other"]);
        let error = Error::from(module_in(&mut Cursor::new(&bytes)).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Component);
        let bytes = component(&["other", SECTION_NAME]);
        assert!(module_in(&mut Cursor::new(&bytes[..bytes.len() - 5])).is_err());
    }

    #[test]
    fn a_shell_holds_modules_of_any_length() {
        let bytes = component(&["other", SECTION_NAME, "another"]);
        let (shell, module) = Shell::around(&bytes).unwrap();
        for longer in [0, 1, 200, 70_000] {
            let module = [module, &vec![0; longer]].concat();
            let mut written = Vec::new();
            let len = module.len() as u64;
            shell
                .write_to(len, &mut written, |out: &mut Vec<u8>| Ok(out.write_all(&module)?))
                .unwrap();
            assert_eq!(written.len() as u64, shell.len(len));
            assert_eq!(written == bytes, longer == 0);
            if longer == 0 {
                continue;
            }
            let place = written.windows(module.len()).position(|window| window == module).unwrap();
            assert_eq!(place as u64 + len + shell.after.len() as u64, written.len() as u64);
        }
        let too_long = shell.write_to(1 << 32, &mut Vec::new(), |_: &mut Vec<u8>| Ok(()));
        assert!(too_long.unwrap_err().to_string().contains("less than 4 GiB"));
    }
}
