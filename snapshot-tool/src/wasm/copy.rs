//! Sections of a module that a pass copies into another: as bytes where nothing in them can change,
//! else item by item with new indices.
//!
//! Linking and unlinking both do; what they do with the other sections differs.

use anyhow::Result;
use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{ElementSection, RawSection, Section as _, SectionId, TableSection};

use crate::wasm::module::Module;
use crate::wasm::remap::{Remap, explain};

/// Copies the tables: their initialisers may name functions.
///
/// # Errors
///
/// When the section is damaged, or names what `remap` has dropped.
pub(crate) fn tables(module: &Module<'_>, mut remap: Remap, out: &mut Vec<u8>) -> Result<()> {
    if let Some(section) = &module.sections.tables {
        let mut tables = TableSection::new();
        remap.parse_table_section(&mut tables, section.clone()).map_err(explain)?;
        tables.append_to(out);
    }
    Ok(())
}

/// Copies the tags: they name types only, which keep their indices.
pub(crate) fn tags(module: &Module<'_>, out: &mut Vec<u8>) {
    if let Some(section) = &module.sections.tags {
        let data = &module.bytes[section.range()];
        RawSection { id: SectionId::Tag.into(), data }.append_to(out);
    }
}

/// Copies the element segments.
///
/// # Errors
///
/// When the section is damaged, or names what `remap` has dropped.
pub(crate) fn elements(module: &Module<'_>, mut remap: Remap, out: &mut Vec<u8>) -> Result<()> {
    if let Some(section) = &module.sections.elements {
        let mut elements = ElementSection::new();
        remap.parse_element_section(&mut elements, section.clone()).map_err(explain)?;
        elements.append_to(out);
    }
    Ok(())
}
