//! Artifacts to registries and programs from there: [`Registry`].
//!
//! The protocol is `oci-client`'s. What is here: which credentials and which protocol, what a program
//! is among all that registries hold, and what a person reads when something fails.

use crate::error::{Error, ErrorKind, Marked as _, mark};
use crate::oci::artifact::{ARCHITECTURE, Artifact, BlobBytes, ProgramPieces};
use crate::oci::credentials;
use crate::oci::digest::Digest;
use crate::oci::document::{Descriptor, Index, Manifest, from_json};
use crate::oci::failure::explained;
use crate::oci::media_type::{
    DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, WASM, WASM_CONFIG,
};
use crate::output::Destination;
use crate::progress::{Progress, Silent, Stage};
use crate::quote::escaped;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::errors::{DigestError, OciDistributionError};
use oci_client::manifest::OciDescriptor;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};
use std::io::{self, Seek as _, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long a registry may take to answer at all, and to send or take the next bytes.
const PATIENCE: Duration = Duration::from_secs(60);

/// How registries are spoken to. Credentials are those of docker's configuration
/// (`~/.docker/config.json`, or in `DOCKER_CONFIG`), as `docker login` writes them.
///
/// ```no_run
/// use wasm_vfs::oci::{Artifact, Registry};
///
/// let digest = Registry::new().push(&Artifact::of("packed.wasm")?, "reg.example/me/app:1.0")?;
/// Registry::new().pull(&format!("reg.example/me/app@{digest}"), "app.wasm")?;
/// # Ok::<(), wasm_vfs::Error>(())
/// ```
#[derive(Clone)]
pub struct Registry {
    plain_http: bool,
    /// The directory of docker's configuration, if it is not the person's.
    docker_config: Option<PathBuf>,
    progress: Arc<dyn Progress>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

/// What was pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pulled {
    /// The digest of the manifest.
    pub digest: String,
    /// How long the program is, in bytes.
    pub bytes: u64,
}

impl Registry {
    /// Registries by HTTPS, but those on this machine (`localhost`, `127.0.0.1`, `[::1]`) by HTTP.
    #[must_use]
    pub fn new() -> Self {
        Self { plain_http: false, docker_config: None, progress: Arc::new(Silent) }
    }

    /// Whether all registries are spoken to without encryption. The default is no.
    #[must_use]
    pub fn plain_http(mut self, plain: bool) -> Self {
        self.plain_http = plain;
        self
    }

    /// Takes credentials from the docker configuration in this directory (`config.json`). The default
    /// is what `DOCKER_CONFIG` names, or `.docker` in the home directory.
    #[must_use]
    pub fn docker_config(mut self, directory: impl Into<PathBuf>) -> Self {
        self.docker_config = Some(directory.into());
        self
    }

    /// Tells of the work: [`Stage::Pushing`] and [`Stage::Pulling`].
    #[must_use]
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.progress = Arc::new(progress);
        self
    }

    /// Pushes an artifact, by a reference with a tag such as `reg.example/me/app:1.0`; returns the digest of
    /// its manifest. What the registry has already is not sent again.
    ///
    /// # Errors
    ///
    /// If the reference is none, or the registry cannot be reached or refuses
    /// ([`Registry`](ErrorKind::Registry)); if the program cannot be read or has changed
    /// ([`Io`](ErrorKind::Io)).
    pub fn push(&self, artifact: &Artifact, reference: &str) -> Result<String, Error> {
        Ok(apart(|| self.push_to(artifact, reference)).of_kind(ErrorKind::Registry)?)
    }

    /// Pulls a program, by a tag or a digest, into a file that appears when all of it is there and
    /// was verified.
    ///
    /// # Errors
    ///
    /// If the reference is none, the registry cannot be reached or refuses, or it has something else
    /// there ([`Registry`](ErrorKind::Registry)); if what it sends is not what it promised
    /// ([`Damaged`](ErrorKind::Damaged)); or if the file cannot be written ([`Io`](ErrorKind::Io)).
    pub fn pull(
        &self,
        reference: &str,
        destination: impl Into<Destination>,
    ) -> Result<Pulled, Error> {
        let destination = destination.into();
        Ok(apart(|| self.pull_to(reference, &destination)).of_kind(ErrorKind::Registry)?)
    }

    fn push_to(&self, artifact: &Artifact, text: &str) -> Result<String> {
        let reference = parsed(text)?;
        ensure!(
            reference.digest().is_none(),
            "`{text}` names a digest, which follows from what is pushed: give a tag, as in `{}/{}:1.0`",
            reference.registry(),
            reference.repository()
        );
        let session = self.session(reference, RegistryOperation::Push)?;
        let encoded = artifact.encode()?;
        let total = encoded.blobs.iter().map(|blob| blob.len).sum();
        self.progress.begin(Stage::Pushing, Some(total));
        let [manifest, others @ ..] = encoded.blobs;
        for blob in others {
            if session.has(&blob.digest)? {
                self.progress.advance(blob.len);
                continue;
            }
            match blob.bytes {
                BlobBytes::Memory(bytes) => {
                    self.progress.advance(blob.len);
                    let once = futures_util::stream::iter([Ok(Bytes::from(bytes))]);
                    session.send(once, &blob.digest, blob.len)?;
                }
                BlobBytes::Program => {
                    self.send_program(artifact.program()?, &session, &blob.digest, blob.len)?;
                }
            }
        }
        let BlobBytes::Memory(bytes) = manifest.bytes else { bail!("a manifest is in memory") };
        session.wait(session.client.push_manifest_raw(
            &session.reference,
            bytes,
            OCI_MANIFEST.parse().context("it is a header's value")?,
        ))?;
        self.progress.end();
        Ok(manifest.digest.to_string())
    }

    /// Sends the program while it is read.
    fn send_program(
        &self,
        mut program: ProgramPieces,
        session: &Session,
        digest: &Digest,
        len: u64,
    ) -> Result<()> {
        // If it cannot be read, that is the error, and not that the registry got too little.
        let unreadable = Arc::new(Mutex::new(None));
        let (keep, progress) = (Arc::clone(&unreadable), Arc::clone(&self.progress));
        let pieces = std::iter::from_fn(move || match program.next() {
            Ok(None) => None,
            Ok(Some(piece)) => {
                progress.advance(piece.len() as u64);
                Some(Ok(Bytes::from(piece)))
            }
            Err(error) => {
                *keep.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Some(Err(io::Error::other("the program cannot be read").into()))
            }
        });
        let sent = session.send(futures_util::stream::iter(pieces), digest, len);
        let unreadable = unreadable.lock().unwrap_or_else(PoisonError::into_inner).take();
        match unreadable {
            Some(error) => Err(mark(error, ErrorKind::Io)),
            None => sent,
        }
    }

    fn pull_to(&self, text: &str, destination: &Destination) -> Result<Pulled> {
        let session = self.session(parsed(text)?, RegistryOperation::Pull)?;
        let (manifest, digest) = session.manifest(&session.reference)?;
        let (manifest, digest) = match manifest {
            Found::Manifest(manifest) => (manifest, digest),
            Found::Index(index) => {
                let chosen = of_wasm(&index).about(|| format!("`{text}`"))?.digest.to_string();
                match session.manifest(&session.reference.clone_with_digest(chosen))? {
                    (Found::Manifest(manifest), digest) => (manifest, digest),
                    (Found::Index(_), _) => {
                        bail!("`{text}` is an index of indexes; give the digest of a program in it")
                    }
                }
            }
        };
        let layer = program_of(&manifest).about(|| format!("`{text}`"))?;
        self.progress.begin(Stage::Pulling, Some(layer.size));
        match destination {
            Destination::File(_) => {
                destination.write_with(&*self.progress, |out| session.receive(layer, out))?;
            }
            // What nobody can take back is verified first.
            Destination::Stdout => {
                let mut file = tempfile::tempfile().context("cannot make a temporary file")?;
                session.receive(layer, &mut file)?;
                file.rewind()?;
                destination
                    .write_with(&*self.progress, |out| Ok(io::copy(&mut file, out).map(drop)?))?;
            }
        }
        self.progress.end();
        Ok(Pulled { digest, bytes: layer.size })
    }

    /// Begins to speak to a registry.
    fn session(&self, reference: Reference, operation: RegistryOperation) -> Result<Session> {
        // Another one may be there already: that of a program which uses this library.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let registry = reference.resolve_registry().to_owned();
        let is_plain = self.plain_http || is_loopback(&registry);
        let protocol = if is_plain { ClientProtocol::Http } else { ClientProtocol::Https };
        let config = ClientConfig {
            protocol,
            use_monolithic_push: true,
            connect_timeout: Some(PATIENCE),
            read_timeout: Some(PATIENCE),
            user_agent: concat!("wasm-vfs/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).context("cannot speak to registries")?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let credentials =
            credentials::of_registry(reference.registry(), self.docker_config.as_deref())?;
        let session = Session { runtime, client, reference, credentials, operation };
        session.wait(session.client.auth(&session.reference, &session.credentials, operation))?;
        Ok(session)
    }
}

/// What is done with one repository.
struct Session {
    runtime: Runtime,
    client: Client,
    reference: Reference,
    credentials: RegistryAuth,
    operation: RegistryOperation,
}

/// What a reference leads to.
enum Found {
    Manifest(Manifest),
    Index(Index),
}

impl Session {
    /// Waits for an answer.
    fn wait<T>(&self, answer: impl Future<Output = Result<T, OciDistributionError>>) -> Result<T> {
        let answer = self.runtime.block_on(answer);
        answer.map_err(|failure| {
            let is_anonymous = self.credentials == RegistryAuth::Anonymous;
            explained(failure, &self.reference, self.operation, is_anonymous)
        })
    }

    fn has(&self, digest: &Digest) -> Result<bool> {
        self.wait(self.client.blob_exists(&self.reference, &digest.to_string()))
    }

    /// Sends a blob.
    fn send(
        &self,
        pieces: impl Stream<Item = Result<Bytes, OciDistributionError>> + Send + 'static,
        digest: &Digest,
        len: u64,
    ) -> Result<()> {
        let digest = digest.to_string();
        self.wait(self.client.push_blob_stream(&self.reference, pieces, &digest, Some(len)))?;
        Ok(())
    }

    /// The manifest or index of a reference, and its digest.
    fn manifest(&self, reference: &Reference) -> Result<(Found, String)> {
        let accepted = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX];
        let (bytes, digest) =
            self.wait(self.client.pull_manifest_raw(reference, &self.credentials, &accepted))?;
        let shown = || format!("the manifest of `{reference}`");
        let is_index = from_json::<Kind>(&bytes, &shown()).of_kind(ErrorKind::Damaged)?.is_index();
        let found = if is_index {
            from_json(&bytes, &shown()).map(Found::Index)
        } else {
            from_json(&bytes, &shown()).map(Found::Manifest)
        };
        Ok((found.of_kind(ErrorKind::Damaged)?, digest))
    }

    /// Writes a program, verified.
    fn receive(&self, layer: &Descriptor, out: &mut dyn Write) -> Result<()> {
        let name = layer.digest.to_string();
        let described = OciDescriptor {
            media_type: layer.media_type.clone(),
            digest: name.clone(),
            size: i64::try_from(layer.size).context("its size makes no sense")?,
            ..OciDescriptor::default()
        };
        let mut pieces =
            self.wait(self.client.pull_blob_stream(&self.reference, &described))?.stream;
        let damaged = |what: String| {
            let error = anyhow!(
                "the program in `{}` {what}: try again, and tell who runs the registry",
                self.reference
            );
            Err(mark(error, ErrorKind::Damaged))
        };
        let (mut received, mut hasher) = (0, Sha256::new());
        while let Some(piece) = self.runtime.block_on(pieces.next()) {
            let piece = match piece {
                Ok(piece) => piece,
                // The client verifies at the end, too. What is wrong is told below.
                Err(error) if error.get_ref().is_some_and(|cause| cause.is::<DigestError>()) => {
                    break;
                }
                Err(error) => {
                    let error = anyhow!(error).context(format!(
                        "the connection to {} broke after {received} of {} bytes; try again",
                        self.reference.registry(),
                        layer.size
                    ));
                    return Err(mark(error, ErrorKind::Registry));
                }
            };
            received += piece.len() as u64;
            if received > layer.size {
                return damaged(format!(
                    "is longer than the {} bytes that it should have",
                    layer.size
                ));
            }
            hasher.update(&piece);
            out.write_all(&piece)?;
        }
        if received < layer.size {
            return damaged(format!("has {received} bytes, where {} were promised", layer.size));
        }
        if Digest::from_hasher(hasher) != layer.digest {
            return damaged(format!("has not the digest {name}"));
        }
        Ok(())
    }
}

/// As much of a document as tells what it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    manifests: Option<IgnoredAny>,
}

impl Kind {
    fn is_index(&self) -> bool {
        match self.media_type.as_str() {
            OCI_INDEX | DOCKER_INDEX => true,
            OCI_MANIFEST | DOCKER_MANIFEST => false,
            _ => self.manifests.is_some(),
        }
    }
}

/// The one program in an index.
fn of_wasm(index: &Index) -> Result<&Descriptor> {
    let is_wasm = |descriptor: &&Descriptor| {
        descriptor.platform.as_ref().is_some_and(|platform| platform.architecture == ARCHITECTURE)
    };
    let mut found = index.manifests.iter().filter(is_wasm);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => bail!(
            "it is an index of {} images, none of which is for `wasm`: pull images with skopeo or docker, and pack \
             their files with --oci",
            index.manifests.len()
        ),
        (Some(one), Some(_)) => bail!(
            "it is an index of several programs: name one by its digest, as in `...@{}`",
            one.digest
        ),
    }
}

/// The layer that is the program of an artifact.
fn program_of(manifest: &Manifest) -> Result<&Descriptor> {
    let config = &manifest.config.media_type;
    if config != WASM_CONFIG {
        let is_image = config.contains("image.v1") || config.contains("image.config");
        let instead = if is_image {
            "it is an image of a container: pull it with skopeo or docker, and pack its files with --oci"
        } else {
            "it is another kind of artifact: pull it with the tool that made it, or with `oras pull`"
        };
        bail!(
            "it is no WebAssembly artifact, for its config is of type `{}`: {instead}",
            escaped(config)
        );
    }
    let [layer] = &manifest.layers[..] else {
        bail!(
            "it has {} layers, where a WebAssembly artifact has one: pull it with the tool that made it, or with \
             `oras pull`",
            manifest.layers.len()
        );
    };
    ensure!(
        layer.media_type == WASM,
        "its layer is of type `{}`, where a program is `{WASM}`: pull it with the tool that made it, or with `oras pull`",
        escaped(&layer.media_type)
    );
    Ok(layer)
}

fn parsed(text: &str) -> Result<Reference> {
    text.parse().map_err(|error| {
        anyhow!(
            "`{text}` is no reference ({error}): write HOST/NAME:TAG as in `reg.example/me/app:1.0`, or HOST/NAME@sha256:..."
        )
    })
}

/// Whether a registry, a name or address with or without a port, is this machine.
fn is_loopback(registry: &str) -> bool {
    if let Some((address, _)) = registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    }
    let host = registry.split_once(':').map_or(registry, |(host, _)| host);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Works on a thread of its own: the caller may be one that waits for others, where nobody may wait.
fn apart<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine() {
        for registry in
            ["localhost", "localhost:5000", "127.0.0.1:1", "127.9.9.9", "[::1]:5000", "[::1]"]
        {
            assert!(is_loopback(registry), "{registry}");
        }
        for registry in
            ["example.com", "localhost.example.com:80", "128.0.0.1", "[::2]:1", "10.0.0.1:5000"]
        {
            assert!(!is_loopback(registry), "{registry}");
        }
    }
}
