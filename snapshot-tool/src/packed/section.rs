//! The custom section `wasm-vfs`: what a module that we wrote says about itself.
//!
//! A small header, then the manifest exactly as it was baked. `ls`, `cat`, `export` and the rest
//! read only this section and the contents segment that it names. All integers are unsigned LEB128:
//!
//! ```text
//! format version                       4, or 5 if the manifest has pipes or extended attributes, or 6 if that function changed the tree
//! form                                 0 rootfs module, 1 portable, 2 isolated
//! tool version                         length, UTF-8 bytes
//! policy                               length, UTF-8 bytes: TOML, as in a configuration file
//! contents length in bytes
//! contents segment                     index of the data segment
//! pre-initialised by                   length, UTF-8 bytes: the function's name, empty if by none
//! what that changed in the tree        of version 6: 32 bytes, the digest of a layer
//! program                              0 absent (rootfs module), 1 followed by the program's part (`program_part`)
//! manifest                             all bytes that remain
//! ```

use anyhow::{Context, Result, ensure};
use wasm_encoder::Encode as _;
use wasmparser::BinaryReader;

use crate::packed::form::ModuleForm;
use crate::packed::program_part::ProgramPart;
use crate::policy::Policy;
use crate::policy::file::ConfigFile;
use crate::tree::{EntryKind, Tree, manifest};
use crate::wasm::index::DataIdx;

/// Name of the custom section.
pub const SECTION_NAME: &str = "wasm-vfs";

/// The version of the layout above. Version 1 had no policy, version 2 of the program's part only
/// counts, version 3 no digests and no joined segments.
const FORMAT_VERSION: u32 = 4;

/// The version of files whose manifest has records that tools did not know which read version 4
/// first. Other files stay readable for those.
const FORMAT_VERSION_WITH_LATER_RECORDS: u32 = 5;

/// The version of files of which a function has run that changed the tree.
const FORMAT_VERSION_WITH_CHANGES: u32 = 6;

/// Bytes of a digest.
const DIGEST_BYTES: usize = 32;

/// The decoded section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Which kind of module this is.
    pub form: ModuleForm,
    /// Version of the `wasm-vfs` that wrote the module.
    pub tool_version: String,
    /// What was chosen for the program to see, as TOML.
    pub policy: String,
    /// Length of the contents segment in bytes.
    pub contents_len: u64,
    /// The passive data segment that holds the contents.
    pub contents_segment: DataIdx,
    /// The program's function that ran when the module was packed, if one did: the tree is then
    /// what that left, and the manifest what it found.
    pub preinit: Option<String>,
    /// SHA-256 of what that function changed in the tree: of the layer, or of the whole tree as an
    /// archive if no layer can hold it. `None`: nothing, or it is not known, for the module has no
    /// host interface.
    pub preinit_changes: Option<[u8; DIGEST_BYTES]>,
    /// What of the module is the program's; `None` in a rootfs module.
    pub program: Option<ProgramPart>,
    /// The manifest records, as baked.
    pub manifest: Vec<u8>,
}

impl Section {
    /// The section of a rootfs module written by this version.
    #[must_use]
    pub fn for_rootfs(
        contents_len: u64,
        contents_segment: DataIdx,
        policy: String,
        manifest: Vec<u8>,
    ) -> Self {
        Self {
            form: ModuleForm::Rootfs,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            policy,
            contents_len,
            contents_segment,
            preinit: None,
            preinit_changes: None,
            program: None,
            manifest,
        }
    }

    /// What was chosen for the program to see.
    ///
    /// # Errors
    ///
    /// When the text makes no sense to this version.
    pub fn chosen(&self) -> Result<Policy> {
        Ok(ConfigFile::from_table(&self.policy).context("the policy of the filesystem")?.policy)
    }

    /// The tree of the manifest, whose files all lie in the contents.
    ///
    /// # Errors
    ///
    /// When the manifest is damaged, or a file of it ends beyond the contents.
    pub(crate) fn tree(&self) -> Result<Tree> {
        let tree = manifest::decode(&self.manifest)?;
        for (index, entry) in tree.entries().iter().enumerate() {
            if let EntryKind::File { offset, len } = entry.kind {
                let end = offset.checked_add(len);
                ensure!(
                    end.is_some_and(|end| end <= self.contents_len),
                    "the contents of {} are cut short; the file is damaged",
                    tree.display_path(index)
                );
            }
        }
        Ok(tree)
    }

    /// The section's payload (without its name).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.manifest.len() + 64);
        let version = match self.preinit_changes {
            Some(_) => FORMAT_VERSION_WITH_CHANGES,
            None if manifest::has_later_records(&self.manifest) => {
                FORMAT_VERSION_WITH_LATER_RECORDS
            }
            None => FORMAT_VERSION,
        };
        version.encode(&mut out);
        self.form.code().encode(&mut out);
        self.tool_version.as_str().encode(&mut out);
        self.policy.as_str().encode(&mut out);
        self.contents_len.encode(&mut out);
        self.contents_segment.0.encode(&mut out);
        self.preinit.as_deref().unwrap_or_default().encode(&mut out);
        out.extend(self.preinit_changes.iter().flatten());
        match &self.program {
            None => out.push(0),
            Some(part) => {
                out.push(1);
                part.encode(&mut out);
            }
        }
        out.extend_from_slice(&self.manifest);
        out
    }

    /// Reads a section's payload.
    ///
    /// # Errors
    ///
    /// When a newer version wrote it or the bytes make no sense.
    pub fn decode(payload: &[u8]) -> Result<Self> {
        let mut reader = BinaryReader::new(payload, 0);
        let version = reader.read_var_u32().context("reading the `wasm-vfs` section")?;
        ensure!(
            (FORMAT_VERSION..=FORMAT_VERSION_WITH_CHANGES).contains(&version),
            "its `wasm-vfs` section has format version {version}, this tool reads \
             {FORMAT_VERSION} to {FORMAT_VERSION_WITH_CHANGES}: use the wasm-vfs that wrote it"
        );
        let has_changes = version == FORMAT_VERSION_WITH_CHANGES;
        let decoded = Self::decode_fields(&mut reader, payload, has_changes);
        decoded.context("the `wasm-vfs` section is damaged")
    }

    fn decode_fields(
        reader: &mut BinaryReader<'_>,
        payload: &[u8],
        has_changes: bool,
    ) -> Result<Self> {
        let form = ModuleForm::from_code(reader.read_var_u32()?)?;
        let tool_version = reader.read_string()?.to_owned();
        let policy = reader.read_unlimited_string()?.to_owned();
        let contents_len = reader.read_var_u64()?;
        let contents_segment = DataIdx(reader.read_var_u32()?);
        let preinit = Some(reader.read_string()?.to_owned()).filter(|name| !name.is_empty());
        let preinit_changes = match has_changes {
            true => Some(reader.read_bytes(DIGEST_BYTES)?.try_into()?),
            false => None,
        };
        let program = match reader.read_u8()? {
            0 => None,
            _ => Some(ProgramPart::decode(reader)?),
        };
        ensure!(
            program.is_none() == (form == ModuleForm::Rootfs),
            "it says that it is a module of the form {form}, {} a program",
            if program.is_none() { "without" } else { "with" }
        );
        let manifest = payload[reader.original_position()..].to_vec();
        Ok(Self {
            form,
            tool_version,
            policy,
            contents_len,
            contents_segment,
            preinit,
            preinit_changes,
            program,
            manifest,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::packed::form::Form;
    use crate::packed::program_part::{Entry, JoinedSegment, OwnFeatures, ServedImport, SizeView};
    use crate::preview1::ServedModule;
    use crate::wasm::index::{FuncIdx, GlobalIdx, TypeIdx};
    use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};

    #[test]
    fn round_trip() {
        let mut section = Section::for_rootfs(
            u64::from(u32::MAX),
            DataIdx(7),
            "hermetic = true".to_owned(),
            vec![1, 2, 3],
        );
        assert_eq!(Section::decode(&section.encode()).unwrap(), section);
        section.form = ModuleForm::Linked(Form::Isolated);
        section.preinit = Some("init".to_owned());
        section.program = Some(ProgramPart {
            functions: 70_000,
            user_memory_max: Some(0),
            view: Some(SizeView { pages: GlobalIdx(1), grow: FuncIdx(2) }),
            features: Some(OwnFeatures { count: 2, unused: vec![(1, b'-')] }),
            entries: vec![Entry { export: 3, function: FuncIdx(4) }],
            served: vec![
                ServedImport {
                    position: 5,
                    module: ServedModule::Unstable,
                    name: "fd_read".to_owned(),
                    ty: Some(TypeIdx(6)),
                    function: FuncIdx(7),
                },
                ServedImport {
                    position: 8,
                    module: ServedModule::Preview1,
                    name: "of another name".to_owned(),
                    ty: None,
                    function: FuncIdx(10),
                },
            ],
            joined: vec![
                JoinedSegment { index: 1, gap: 16, bytes: 300 },
                JoinedSegment { index: 2, gap: 0, bytes: 0 },
                JoinedSegment { index: 99_999, gap: u32::MAX, bytes: 1 },
            ],
            ..ProgramPart::default()
        });
        assert_eq!(Section::decode(&section.encode()).unwrap(), section);
        section.preinit_changes = Some([0x5f; DIGEST_BYTES]);
        let encoded = section.encode();
        assert_eq!((encoded[0], Section::decode(&encoded).unwrap()), (6, section));
    }

    #[test]
    fn damaged_or_newer_is_an_error() {
        let payload = Section::for_rootfs(1, DataIdx(0), String::new(), Vec::new()).encode();
        assert!(Section::decode(&payload[..4]).is_err());
        let newer = Section::decode(&[9]).unwrap_err().to_string();
        assert!(newer.contains("format version 9"), "{newer}");
    }

    #[test]
    fn only_what_older_tools_cannot_read_has_the_newer_version() {
        let version = |records: &[Record<'_>]| {
            let mut manifest = Vec::new();
            records.iter().for_each(|record| record.encode(&mut manifest));
            let section = Section::for_rootfs(1, DataIdx(0), String::new(), manifest);
            assert_eq!(Section::decode(&section.encode()).unwrap(), section);
            section.encode()[0]
        };
        let attributes = Attributes::default();
        let record = |name, kind| Record { parent: 0, name, attributes, kind };
        let root = record(b"", RecordKind::Directory { entries: 1 });
        assert_eq!(version(&[]), 4);
        assert_eq!(version(&[root]), 4);
        assert_eq!(version(&[root, record(b"p", RecordKind::Fifo)]), 5);
        assert_eq!(version(&[root, record(b"user.k", RecordKind::Xattr { value: b"" })]), 5);
    }
}
