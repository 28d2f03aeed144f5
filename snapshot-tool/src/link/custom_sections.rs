//! The program's custom sections in the linked module: kept, extended, or dropped and why.
//!
//! Linking moves code, so whatever holds offsets into it is dropped rather than left wrong.

use std::collections::BTreeSet;

use anyhow::Result;
use wasm_encoder::{CustomSection, Encode as _, ProducersField, ProducersSection};
use wasmparser::{KnownCustom, ProducersSectionReader, WasmFeatures};

use crate::packed::program_part::OwnFeatures;
use crate::packed::section::SECTION_NAME;
use crate::wasm::module::{Custom, Module};
use crate::wasm::names;

/// What becomes of a custom section.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing in it refers to what linking moves, as far as anyone knows.
    Copy,
    /// Written anew with the filesystem's part; see [`names`](crate::wasm::names).
    Names,
    Producers,
    TargetFeatures,
    /// With the reason.
    Drop(&'static str),
}

/// Decides by the section's name.
pub(crate) fn fate(name: &str) -> Fate {
    match name {
        "name" => Fate::Names,
        "producers" => Fate::Producers,
        TARGET_FEATURES_NAME => Fate::TargetFeatures,
        "linking" | "dylink" | "dylink.0" => Fate::Drop("a description of the unlinked program"),
        "sourceMappingURL" | "external_debug_info" => {
            Fate::Drop("debug information for code that has moved")
        }
        "build_id" => Fate::Drop("the identity of the unlinked program"),
        _ if name.starts_with(".debug_") => Fate::Drop("offsets into code that has moved"),
        _ if name.starts_with("reloc.") => Fate::Drop("offsets into code that has moved"),
        _ if name.starts_with("metadata.code.") => Fate::Drop("offsets into code that has moved"),
        _ => Fate::Copy,
    }
}

/// What becomes of a section of `program`: one that is to be written anew must be readable for
/// that.
fn fate_in(program: &Module<'_>, custom: &Custom<'_>) -> Fate {
    let fate = fate(custom.reader.name());
    let readable = match fate {
        Fate::Names => names::is_readable(program),
        Fate::Producers => producers(program).is_some(),
        Fate::TargetFeatures => feature_entries(program).is_some(),
        Fate::Copy | Fate::Drop(_) => true,
    };
    if readable { fate } else { Fate::Drop("it is damaged") }
}

/// One line for people about the sections that are dropped; none if none are.
pub(crate) fn notes(program: &Module<'_>) -> Vec<String> {
    let mut dropped: Vec<(&str, Vec<&str>)> = Vec::new();
    for custom in &program.customs {
        if let Fate::Drop(why) = fate_in(program, custom) {
            match dropped.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, names)) => names.push(custom.reader.name()),
                None => dropped.push((why, vec![custom.reader.name()])),
            }
        }
    }
    let line = |(why, names): (&str, Vec<&str>)| {
        let plural = if names.len() > 1 { "s" } else { "" };
        format!("dropped custom section{plural} {} ({why})", names.join(", "))
    };
    dropped.into_iter().map(line).collect()
}

/// How long the dropped sections were, headers included.
pub(crate) fn dropped_bytes(program: &Module<'_>) -> u64 {
    let dropped = |custom: &&Custom<'_>| matches!(fate_in(program, custom), Fate::Drop(_));
    let bytes = |custom: &Custom<'_>| {
        let payload = custom.reader.range().len();
        let mut header = vec![u8::from(wasm_encoder::SectionId::Custom)];
        payload.encode(&mut header);
        (header.len() + payload) as u64
    };
    program.customs.iter().filter(dropped).map(bytes).sum()
}

/// Appends the sections that are copied, those before all others or the rest.
pub(crate) fn copy(program: &Module<'_>, leading: Leading, out: &mut Vec<u8>) {
    copy_where(program, leading, |name| fate(name) == Fate::Copy, out);
}

/// Appends the sections of a linked module that the program keeps when it is taken out: all but the
/// filesystem's own and the names and features, which change.
pub(crate) fn copy_unlinked(linked: &Module<'_>, leading: Leading, out: &mut Vec<u8>) {
    let keep = |name: &str| {
        name != SECTION_NAME && !matches!(fate(name), Fate::Names | Fate::TargetFeatures)
    };
    copy_where(linked, leading, keep, out);
}

/// Appends the sections of a program, as they are, but for those of these names.
pub(crate) fn copy_but(program: &Module<'_>, leading: Leading, but: &[&str], out: &mut Vec<u8>) {
    copy_where(program, leading, |name| !but.contains(&name), out);
}

fn copy_where(
    module: &Module<'_>,
    leading: Leading,
    keep: impl Fn(&str) -> bool,
    out: &mut Vec<u8>,
) {
    for custom in &module.customs {
        let wanted = custom.leads == (leading == Leading::Yes);
        if wanted && keep(custom.reader.name()) {
            let section = CustomSection {
                name: custom.reader.name().into(),
                data: custom.reader.data().into(),
            };
            wasm_encoder::Section::append_to(&section, out);
        }
    }
}

/// Which of the copied sections are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leading {
    /// Those that stand before all other sections.
    Yes,
    /// All others.
    No,
}

/// The program's `producers`, with this tool added; `None` if it has none or it is damaged.
pub(crate) fn producers(program: &Module<'_>) -> Option<ProducersSection> {
    let reader = program.customs.iter().find_map(|custom| match custom.reader.as_known() {
        KnownCustom::Producers(reader) => Some(reader),
        _ => None,
    })?;
    extend_producers(reader).ok()
}

fn extend_producers(reader: ProducersSectionReader<'_>) -> Result<ProducersSection> {
    const PROCESSED_BY: &str = "processed-by";
    let mut section = ProducersSection::new();
    let mut ours = Some((env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")));
    for field in reader {
        let field = field?;
        let mut values = ProducersField::new();
        for value in field.values {
            let value = value?;
            // Packed again, a program has had this tool already.
            if Some(value.name) != ours.map(|(name, _)| name) || field.name != PROCESSED_BY {
                values.value(value.name, value.version);
            }
        }
        if field.name == PROCESSED_BY
            && let Some((name, version)) = ours.take()
        {
            values.value(name, version);
        }
        section.field(field.name, &values);
    }
    if let Some((name, version)) = ours {
        let mut values = ProducersField::new();
        values.value(name, version);
        section.field(PROCESSED_BY, &values);
    }
    Ok(section)
}

/// The features that the tool conventions have a name for.
const TARGET_FEATURES: [(&str, WasmFeatures); 13] = [
    ("bulk-memory", WasmFeatures::BULK_MEMORY),
    ("exception-handling", WasmFeatures::EXCEPTIONS),
    ("extended-const", WasmFeatures::EXTENDED_CONST),
    ("gc", WasmFeatures::GC),
    ("multimemory", WasmFeatures::MULTI_MEMORY),
    ("multivalue", WasmFeatures::MULTI_VALUE),
    ("mutable-globals", WasmFeatures::MUTABLE_GLOBAL),
    ("nontrapping-fptoint", WasmFeatures::SATURATING_FLOAT_TO_INT),
    ("reference-types", WasmFeatures::REFERENCE_TYPES),
    ("relaxed-simd", WasmFeatures::RELAXED_SIMD),
    ("sign-ext", WasmFeatures::SIGN_EXTENSION),
    ("simd128", WasmFeatures::SIMD),
    ("tail-call", WasmFeatures::TAIL_CALL),
];

/// The program's `target_features` and what the filesystem uses besides; `None` if the program
/// has none or it is damaged.
pub(crate) fn target_features(
    program: &Module<'_>,
    added: WasmFeatures,
) -> Option<CustomSection<'static>> {
    let mut entries = feature_entries(program)?;
    let seen: BTreeSet<&str> = entries.iter().map(|&(_, name)| name).collect();
    for (name, feature) in TARGET_FEATURES {
        if added.contains(feature) && !seen.contains(name) {
            entries.push((USED, name));
        }
    }
    for entry in &mut entries {
        let ours = TARGET_FEATURES.iter().any(|&(name, it)| name == entry.1 && added.contains(it));
        if ours {
            entry.0 = USED;
        }
    }
    Some(encode_features(&entries))
}

/// The section's name.
pub(crate) const TARGET_FEATURES_NAME: &str = "target_features";

/// The prefix of a feature that the module uses.
const USED: u8 = b'+';

/// The entries of a module's `target_features`, prefix and name; `None` if it has none or it is
/// damaged.
fn feature_entries<'a>(module: &Module<'a>) -> Option<Vec<(u8, &'a str)>> {
    let mut reader = crate::wasm::module::reader(module.custom(TARGET_FEATURES_NAME)?, 0);
    let mut entries = Vec::new();
    for _ in 0..reader.read_var_u32().ok()? {
        entries.push((reader.read_u8().ok()?, reader.read_string().ok()?));
    }
    Some(entries)
}

fn encode_features(entries: &[(u8, &str)]) -> CustomSection<'static> {
    let mut data = Vec::new();
    entries.len().encode(&mut data);
    for (prefix, name) in entries {
        data.push(*prefix);
        name.encode(&mut data);
    }
    CustomSection { name: TARGET_FEATURES_NAME.into(), data: data.into() }
}

/// The program's `target_features` without those of these names; `None` if the program has none or
/// it is damaged.
pub(crate) fn features_but(program: &Module<'_>, but: &[&str]) -> Option<CustomSection<'static>> {
    let mut entries = feature_entries(program)?;
    entries.retain(|(_, name)| !but.contains(name));
    Some(encode_features(&entries))
}

/// What of `target_features` is the program's: linking appends entries and may say that a feature
/// is used.
pub(crate) fn own_features(program: &Module<'_>) -> Option<OwnFeatures> {
    let entries = feature_entries(program)?;
    let unused = (0..).zip(&entries).filter(|(_, (prefix, _))| *prefix != USED);
    Some(OwnFeatures {
        count: u32::try_from(entries.len()).expect("a section is shorter than 4 GiB"),
        unused: unused.map(|(index, (prefix, _))| (index, *prefix)).collect(),
    })
}

/// The program's `target_features` out of the linked module's.
pub(crate) fn unlinked_features(
    linked: &Module<'_>,
    own: &OwnFeatures,
) -> Option<CustomSection<'static>> {
    let mut entries = feature_entries(linked)?;
    entries.truncate(own.count as usize);
    for &(index, prefix) in &own.unused {
        entries.get_mut(index as usize)?.0 = prefix;
    }
    Some(encode_features(&entries))
}
