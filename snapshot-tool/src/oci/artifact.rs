//! A program becomes an OCI artifact: [`Artifact`].

use crate::disk::input::{FinalLink, open_regular};
use crate::disk::stamp::Stamp;
use crate::error::{Error, ErrorKind, InnerResult, Marked as _, mark};
use crate::oci::digest::Digest;
use crate::oci::document::{
    Annotations, ComponentInterfaces, Descriptor, Manifest, Platform, SCHEMA_VERSION, TITLE,
    WasmConfig, to_json,
};
use crate::oci::media_type::{OCI_MANIFEST, WASM, WASM_CONFIG};
use crate::packed::component::Interfaces;
use crate::packed::form::ModuleForm;
use crate::packed::packed_module::PackedModule;
use anyhow::{Context as _, Result, anyhow, ensure};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// The architecture of every WebAssembly artifact.
pub(super) const ARCHITECTURE: &str = "wasm";
/// The system of core modules and of components.
const WASI_0_1: &str = "wasip1";
const WASI_0_2: &str = "wasip2";

/// Which wasm-vfs packed the program.
const TOOL_VERSION: &str = "wasm-vfs.version";

/// The last second that RFC 3339 can write: the end of the year 9999.
const MAX_CREATED: u64 = 253_402_300_799;

/// How much of a program is read at a time.
const PIECE_BYTES: u64 = 1 << 18;

const CHANGED: &str = "changed while it was being read; try again";

/// A program as an OCI artifact, to be written as an image layout or pushed to a registry.
///
/// ```
/// use wasm_vfs::{Packer, Program, TreeBuilder, oci::Artifact};
///
/// # let directory = tempfile::tempdir()?;
/// # std::env::set_current_dir(&directory)?;
/// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
/// # Packer::new(TreeBuilder::new()).pack(Program::bytes("app", program))?.write("packed.wasm")?;
/// let artifact = Artifact::of("packed.wasm")?
///     .annotation("org.opencontainers.image.source", "https://example.com/app")
///     .reference("example.com/app:1.0");
/// artifact.write_directory("layout", wasm_vfs::Existing::Keep)?;
/// artifact.write_tar("layout.tar")?;
/// println!("{}", artifact.digest()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Artifact {
    path: PathBuf,
    stamp: Stamp,
    layer: Digest,
    component: Option<Interfaces>,
    annotations: Annotations,
    title: String,
    /// Seconds since 1970.
    created: u64,
    pub(super) reference: Option<String>,
}

/// A blob of an artifact.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) digest: Digest,
    /// Its length in bytes.
    pub(super) len: u64,
    pub(super) bytes: BlobBytes,
}

/// Where the bytes of a blob are.
#[derive(Debug)]
pub(super) enum BlobBytes {
    Memory(Vec<u8>),
    /// The file of the program.
    Program,
}

/// All of an artifact, encoded.
#[derive(Debug)]
pub(super) struct Encoded {
    /// Refers to the manifest.
    pub(super) manifest: Descriptor,
    /// Manifest, config and program, in this order.
    pub(super) blobs: [Blob; 3],
}

impl Artifact {
    /// Makes an artifact of a program in a file: what `pack` wrote, as a module or as a component, or
    /// a core module that was never packed. The file is read now, and again when it is written.
    ///
    /// # Errors
    ///
    /// If the file cannot be read ([`Io`](ErrorKind::Io)), is not WebAssembly or damaged
    /// ([`NotWasm`](ErrorKind::NotWasm), [`Damaged`](ErrorKind::Damaged)), is a component that
    /// wasm-vfs did not write ([`Component`](ErrorKind::Component)), or a rootfs module, which is no program
    /// ([`Unservable`](ErrorKind::Unservable)).
    pub fn of(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Ok(Self::read(path.into())?)
    }

    fn read(path: PathBuf) -> InnerResult<Self> {
        let (file, found) = open_regular(&path, FinalLink::Follow)?;
        let stamp = Stamp::of(&found);
        Stamp::settle([stamp]);
        let (component, version) = look(&path)?;
        let hashed = Digest::of_reader(&file);
        let (_, layer) = hashed.with_context(|| format!("cannot read `{}`", path.display()))?;
        stamp.check(&path, &file.metadata()?)?;
        let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let mut annotations = Annotations::new();
        if let Some(version) = version {
            annotations.insert(TOOL_VERSION.to_owned(), version);
        }
        annotations.insert(TITLE.to_owned(), title.clone());
        Ok(Self { path, stamp, layer, component, annotations, title, created: 0, reference: None })
    }

    /// Adds an annotation to the manifest, or replaces one. There are two by default:
    /// `org.opencontainers.image.title`, the name of the file, and `wasm-vfs.version`, which packed it.
    #[must_use]
    pub fn annotation(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(key.into(), value.into());
        self
    }

    /// Dates the artifact, in seconds since 1970. The default is 0: equal programs are equal
    /// artifacts. The command line takes it from `SOURCE_DATE_EPOCH`.
    ///
    /// # Errors
    ///
    /// If that is after the year 9999 ([`Policy`](ErrorKind::Policy)).
    pub fn created(mut self, seconds: u64) -> Result<Self, Error> {
        if seconds > MAX_CREATED {
            let error = anyhow!(
                "no artifact can be dated {seconds} s after 1970: {MAX_CREATED} is the most"
            );
            return Err(mark(error, ErrorKind::Policy).into());
        }
        self.created = seconds;
        Ok(self)
    }

    /// Names the artifact in a layout: a tag, or a whole reference such as `example.com/app:1.0`, by
    /// which containerd then knows it.
    #[must_use]
    pub fn reference(mut self, name: impl Into<String>) -> Self {
        self.reference = Some(name.into());
        self
    }

    /// Returns the digest of the manifest, by which registries know the artifact.
    ///
    /// # Errors
    ///
    /// None that is known.
    pub fn digest(&self) -> Result<String, Error> {
        Ok(self.encode().of_kind(ErrorKind::Internal)?.manifest.digest.to_string())
    }

    /// Config and manifest.
    pub(super) fn encode(&self) -> Result<Encoded> {
        let created = UNIX_EPOCH + Duration::from_secs(self.created);
        let (os, component) = match &self.component {
            None => (WASI_0_1, None),
            Some(Interfaces { imports, exports }) => {
                let (exports, imports) = (exports.clone(), imports.clone());
                (WASI_0_2, Some(ComponentInterfaces { exports, imports }))
            }
        };
        let config = to_json(&WasmConfig {
            created: humantime::format_rfc3339_seconds(created).to_string(),
            architecture: ARCHITECTURE,
            os,
            layer_digests: vec![self.layer],
            component,
        })?;
        // What is fetched with it has the name of the file.
        let title = Annotations::from([(TITLE.to_owned(), self.title.clone())]);
        let config = memory(config);
        let program = Blob { digest: self.layer, len: self.stamp.len(), bytes: BlobBytes::Program };
        let manifest = memory(to_json(&Manifest {
            schema_version: SCHEMA_VERSION,
            media_type: OCI_MANIFEST.to_owned(),
            config: descriptor(WASM_CONFIG, &config, Annotations::new()),
            layers: vec![descriptor(WASM, &program, title)],
            annotations: self.annotations.clone(),
        })?);
        let platform =
            Platform { architecture: ARCHITECTURE.to_owned(), os: os.to_owned(), variant: None };
        let described = descriptor(OCI_MANIFEST, &manifest, Annotations::new());
        let described = Descriptor { platform: Some(platform), ..described };
        Ok(Encoded { manifest: described, blobs: [manifest, config, program] })
    }

    /// Opens the program, to be read once more.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or has changed.
    pub(super) fn program(&self) -> Result<ProgramPieces> {
        let (file, _) = open_regular(&self.path, FinalLink::Follow)?;
        let pieces = ProgramPieces {
            file,
            path: self.path.clone(),
            stamp: self.stamp,
            expected: self.layer,
            hasher: Sha256::new(),
            left: self.stamp.len(),
        };
        pieces.check()?;
        Ok(pieces)
    }

    /// Writes the bytes of a blob.
    ///
    /// # Errors
    ///
    /// When the program cannot be read or has changed, or the bytes cannot be written.
    pub(super) fn write_blob(&self, blob: &Blob, out: &mut dyn Write) -> Result<()> {
        match &blob.bytes {
            BlobBytes::Memory(bytes) => Ok(out.write_all(bytes)?),
            BlobBytes::Program => {
                let mut program = self.program()?;
                while let Some(piece) = program.next()? {
                    out.write_all(&piece)?;
                }
                Ok(())
            }
        }
    }
}

/// The bytes of a program, piece by piece.
#[derive(Debug)]
pub(super) struct ProgramPieces {
    file: File,
    path: PathBuf,
    stamp: Stamp,
    expected: Digest,
    hasher: Sha256,
    /// How many bytes are left.
    left: u64,
}

impl ProgramPieces {
    /// The next piece; `None` at the end, where all have been the bytes of the artifact.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or has changed.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.left == 0 {
            self.check()?;
            let found = Digest::from_hasher(self.hasher.clone());
            ensure!(found == self.expected, "`{}` {CHANGED}", self.path.display());
            return Ok(None);
        }
        let mut piece = Vec::new();
        let wanted = self.left.min(PIECE_BYTES);
        let read = Read::by_ref(&mut self.file).take(wanted).read_to_end(&mut piece);
        let read = read.with_context(|| format!("cannot read `{}`", self.path.display()))?;
        ensure!(read > 0, "`{}` {CHANGED}", self.path.display());
        self.left -= read as u64;
        self.hasher.update(&piece);
        Ok(Some(piece))
    }

    /// Checks that the file is what it was.
    fn check(&self) -> Result<()> {
        let now = self.file.metadata();
        let now = now.with_context(|| format!("cannot read `{}`", self.path.display()))?;
        self.stamp.check(&self.path, &now)
    }
}

/// What a program is: its interfaces if it is a component, and the version of the wasm-vfs that
/// packed it.
fn look(path: &Path) -> Result<(Option<Interfaces>, Option<String>)> {
    let refused = |kind, error| Err(mark(error, kind)).about(|| format!("`{}`", path.display()));
    match PackedModule::form_of(path).map_err(Error::from) {
        Ok(Some(ModuleForm::Linked(_))) => {
            let mut packed = PackedModule::open(path)?;
            Ok((packed.interfaces()?, Some(packed.tool_version().to_owned())))
        }
        Ok(None) => Ok((None, None)),
        Ok(Some(ModuleForm::Rootfs)) => refused(
            ErrorKind::Unservable,
            anyhow!(
                "it is a rootfs module, which is no program: link it with one first (`wasm-vfs link`)"
            ),
        ),
        Err(error) if error.kind() == ErrorKind::Component => refused(
            ErrorKind::Component,
            anyhow!(
                "it is a component that wasm-vfs did not write: pack its core module with `wasm-vfs pack --component`, \
                 or push it with the tool that made it (as `wkg oci push`)"
            ),
        ),
        Err(error) => Err(error.into()),
    }
}

fn memory(bytes: Vec<u8>) -> Blob {
    Blob { digest: Digest::of(&bytes), len: bytes.len() as u64, bytes: BlobBytes::Memory(bytes) }
}

fn descriptor(media_type: &str, blob: &Blob, annotations: Annotations) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: blob.digest,
        size: blob.len,
        platform: None,
        annotations,
    }
}
