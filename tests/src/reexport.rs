//! Makes a program export functions that it imports. Nothing else of it changes: its code stays as it is, byte for byte.
//!
//! In the packed program these exports are the filesystem's functions, so that a test can read what the program wrote
//! after it has ended.

use anyhow::{Context, Result};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// The program with its imports of these names exported under the same names.
///
/// # Errors
///
/// When the program is no core module, does not import one of them, or exports other things than an ordinary program.
pub fn export_imports(program: &[u8], names: &[&str]) -> Result<Vec<u8>> {
    let mut imported = Vec::new();
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(program) {
        let payload = payload?;
        match &payload {
            Payload::ImportSection(reader) => {
                for import in reader.clone().into_imports() {
                    let import = import?;
                    if matches!(import.ty, TypeRef::Func(_)) {
                        imported.push(import.name.to_owned());
                    }
                }
            }
            Payload::ExportSection(reader) => {
                let mut exports = ExportSection::new();
                for export in reader.clone() {
                    let export = export?;
                    let kind = match export.kind {
                        ExternalKind::Func => ExportKind::Func,
                        ExternalKind::Table => ExportKind::Table,
                        ExternalKind::Memory => ExportKind::Memory,
                        ExternalKind::Global => ExportKind::Global,
                        other => anyhow::bail!("export {} is of kind {other:?}", export.name),
                    };
                    exports.export(export.name, kind, export.index);
                }
                for &name in names {
                    let index = imported.iter().position(|import| import == name);
                    let index = index.with_context(|| format!("{name} is not imported"))?;
                    exports.export(name, ExportKind::Func, u32::try_from(index)?);
                }
                module.section(&exports);
                continue;
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            module.section(&RawSection { id, data: &program[range] });
        }
    }
    Ok(module.finish())
}
