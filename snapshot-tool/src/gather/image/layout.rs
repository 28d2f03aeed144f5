//! The layers of an image in an OCI image layout.
//!
//! `index.json` refers to manifests and to further indexes. All are read that may be meant, and each
//! once, so their number is bounded by what is there. No index can lead back to itself, for each is
//! known by the hash of its bytes.

use crate::error::{ErrorKind, Marked as _};
use crate::gather::archive::source::LayerSource;
use crate::gather::image::choice::{Candidate, chosen, is_named, names};
use crate::gather::image::store::{Store, blob_name};
use crate::oci::digest::Digest;
use crate::oci::document::{Descriptor, Index, Manifest, Platform, from_json};
use crate::oci::media_type::{
    DOCKER_INDEX, DOCKER_MANIFEST, FOREIGN_LAYERS, LAYERS, OCI_INDEX, OCI_MANIFEST, WASM,
};
use crate::quote::escaped;
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeSet;

/// How deep indexes are nested at most: two levels are written by anybody.
const MAX_DEPTH: usize = 8;

/// How many manifests are read at most.
const MAX_MANIFESTS: usize = 1000;

/// What marks a manifest that is about another and no image: docker's attestations.
const DOCKER_REFERENCE: &str = "vnd.docker.reference.type";

/// The file that marks a layout.
pub(super) const MARK: &str = "oci-layout";
const INDEX: &str = "index.json";

/// As much of the mark as matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    image_layout_version: String,
}

/// As much of an image's config as matters.
#[derive(Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    pub(super) rootfs: Option<RootFs>,
}

/// What its layers are, unpacked.
#[derive(Deserialize)]
pub(super) struct RootFs {
    #[serde(default)]
    pub(super) diff_ids: Vec<Digest>,
}

impl Config {
    pub(super) fn platform(&self) -> Option<Platform> {
        let Self { architecture, os, variant, rootfs: _ } = self;
        (!architecture.is_empty() && !os.is_empty()).then(|| Platform {
            architecture: architecture.clone(),
            os: os.clone(),
            variant: variant.clone(),
        })
    }
}

/// The layers of the image that is meant, the lowest first. All blobs of it are verified.
///
/// # Errors
///
/// When no image or several are meant, or something of it is missing or damaged.
pub(super) fn layers(
    store: &Store,
    name: Option<&str>,
    platform: Option<&Platform>,
) -> Result<Vec<LayerSource>> {
    let mark: Mark =
        from_json(&store.read(MARK)?, &format!("its `{MARK}`")).of_kind(ErrorKind::Damaged)?;
    ensure!(
        mark.image_layout_version.starts_with("1."),
        "it is an image layout of version {}, which is not known here; a newer wasm-vfs may know it",
        escaped(&mark.image_layout_version)
    );
    ensure!(store.has(INDEX), "its `{INDEX}` is missing: copy the image anew");
    let index: Index = document(&store.read(INDEX)?, INDEX)?;
    let mut search = Search { store, seen: BTreeSet::new(), images: Vec::new() };
    for described in meant(&index, name)? {
        search.enter(described, 0)?;
    }
    let manifest = chosen(search.images, platform)?;
    manifest.layers.iter().map(|layer| blob_of_layer(store, layer)).collect()
}

/// What in the outermost index has the name.
fn meant<'i>(index: &'i Index, name: Option<&str>) -> Result<Vec<&'i Descriptor>> {
    let Some(asked) = name else { return Ok(index.manifests.iter().collect()) };
    let asked = asked.strip_prefix('@').unwrap_or(asked);
    let is_meant = |described: &&Descriptor| {
        described.digest.to_string() == asked
            || names(&described.annotations).any(|name| is_named(name, asked))
    };
    let found: Vec<&Descriptor> = index.manifests.iter().filter(is_meant).collect();
    if found.is_empty() {
        let known: BTreeSet<&str> =
            index.manifests.iter().flat_map(|it| names(&it.annotations)).collect();
        let known: Vec<String> = known.into_iter().map(escaped).collect();
        let known = match known.is_empty() {
            true => "its images have no names".to_owned(),
            false => format!("there are: {}", known.join(", ")),
        };
        bail!("it has no image `{}`; {known}", escaped(asked));
    }
    Ok(found)
}

/// Reads all that a name may mean.
struct Search<'s> {
    store: &'s Store,
    seen: BTreeSet<Digest>,
    images: Vec<Candidate<Manifest>>,
}

impl Search<'_> {
    fn enter(&mut self, described: &Descriptor, depth: usize) -> Result<()> {
        let is_about_another = described.annotations.contains_key(DOCKER_REFERENCE);
        if is_about_another || !self.seen.insert(described.digest) {
            return Ok(());
        }
        ensure!(
            depth < MAX_DEPTH,
            "its indexes are nested deeper than {MAX_DEPTH}: copy one image of it"
        );
        ensure!(
            self.seen.len() <= MAX_MANIFESTS,
            "it has more than {MAX_MANIFESTS} manifests: copy one image of it"
        );
        let name = blob_name(&described.digest);
        match described.media_type.as_str() {
            OCI_INDEX | DOCKER_INDEX => {
                let index: Index = document(&self.store.document(described)?, &name)?;
                index.manifests.iter().try_for_each(|inner| self.enter(inner, depth + 1))
            }
            OCI_MANIFEST | DOCKER_MANIFEST => {
                let manifest: Manifest = document(&self.store.document(described)?, &name)?;
                let platform = match &described.platform {
                    Some(platform) => Some(platform.clone()),
                    None => self.platform(&manifest)?,
                };
                self.images.push(Candidate { image: manifest, platform });
                Ok(())
            }
            // A layout may hold anything; what is no image is not meant.
            _ => Ok(()),
        }
    }

    /// What the config says the image runs on.
    fn platform(&self, manifest: &Manifest) -> Result<Option<Platform>> {
        let bytes = self.store.document(&manifest.config)?;
        // Of other artifacts it need not be JSON.
        let config: Option<Config> = serde_json::from_slice(&bytes).ok();
        Ok(config.and_then(|config| config.platform()))
    }
}

fn document<T: serde::de::DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T> {
    from_json(bytes, &format!("`{name}` in it")).of_kind(ErrorKind::Damaged)
}

/// The blob of a layer, verified.
fn blob_of_layer(store: &Store, layer: &Descriptor) -> Result<LayerSource> {
    let media_type = layer.media_type.as_str();
    if media_type == WASM {
        bail!(
            "it is a WebAssembly artifact, no image: pack the program in it, `{}`",
            blob_name(&layer.digest)
        );
    }
    ensure!(
        !FOREIGN_LAYERS.contains(&media_type),
        "its layer {} is of type `{media_type}`, whose bytes are elsewhere and are not fetched: copy an image without \
         such layers",
        layer.digest
    );
    ensure!(
        LAYERS.contains(&media_type),
        "its layer {} is of type `{}`, which is not known here; these are: {}",
        layer.digest,
        escaped(media_type),
        LAYERS.join(", ")
    );
    store.layer(layer).with_context(|| format!("cannot read the layer {}", layer.digest))
}
