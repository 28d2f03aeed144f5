//! The layers of an image in what older versions of `docker save` write: `manifest.json`, a config
//! for each image, and layers as archives. Newer ones write an image layout as well.

use crate::error::{ErrorKind, Marked as _};
use crate::gather::archive::source::{ArchiveSource, LayerSource};
use crate::gather::image::choice::{Candidate, chosen, is_named};
use crate::gather::image::layout::Config;
use crate::gather::image::store::{Store, hash};
use crate::oci::digest::Digest;
use crate::oci::document::{Platform, from_json};
use crate::quote::escaped;
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The file that lists the images.
pub(super) const MANIFESTS: &str = "manifest.json";

/// One image of several.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// The layers of the image that is meant, the lowest first, each verified by what the config says of
/// it unpacked.
///
/// # Errors
///
/// When no image or several are meant, or something of it is missing or damaged.
pub(super) fn layers(
    store: &Store,
    name: Option<&str>,
    platform: Option<&Platform>,
) -> Result<Vec<LayerSource>> {
    let images: Vec<Image> = from_json(&store.read(MANIFESTS)?, &format!("its `{MANIFESTS}`"))
        .of_kind(ErrorKind::Damaged)?;
    let tags = |image: &Image| image.repo_tags.clone().unwrap_or_default();
    let mut candidates = Vec::new();
    let mut known = BTreeSet::new();
    for image in images {
        known.extend(tags(&image));
        let is_meant =
            name.is_none_or(|asked| tags(&image).iter().any(|name| is_named(name, asked)));
        if is_meant {
            let config = config(store, &image.config).of_kind(ErrorKind::Damaged)?;
            let platform = config.platform();
            candidates.push(Candidate { image: (image, config), platform });
        }
    }
    if let Some(asked) = name.filter(|_| candidates.is_empty()) {
        let known: Vec<String> = known.iter().map(escaped).collect();
        bail!("it has no image `{}`; there are: {}", escaped(asked), known.join(", "));
    }
    let (image, config) = chosen(candidates, platform)?;
    let layers = image.layers.unwrap_or_default();
    let diff_ids = config.rootfs.map(|rootfs| rootfs.diff_ids).unwrap_or_default();
    if layers.len() != diff_ids.len() {
        let error = anyhow::anyhow!(
            "it lists {} layers, and the config of the image {}: it is damaged; save the image anew",
            layers.len(),
            diff_ids.len()
        );
        return Err(error).of_kind(ErrorKind::Damaged);
    }
    let pairs = layers.iter().zip(&diff_ids);
    pairs.map(|(name, diff_id)| layer(store, name, diff_id)).collect()
}

/// The config of an image, whose name is its hash.
fn config(store: &Store, name: &str) -> Result<Config> {
    ensure!(store.has(name), "`{}` is missing in it: save the image anew", escaped(name));
    let bytes = store.read(name)?;
    let last = name.rsplit('/').next().unwrap_or(name);
    let told = format!("sha256:{}", last.strip_suffix(".json").unwrap_or(last)).parse::<Digest>();
    let told = told.with_context(|| format!("the config `{}` in it", escaped(name)))?;
    ensure!(
        Digest::of(&bytes) == told,
        "`{}` in it has the digest {}: it is damaged; save the image anew",
        escaped(name),
        Digest::of(&bytes)
    );
    from_json(&bytes, &format!("`{}` in it", escaped(name)))
}

fn layer(store: &Store, name: &str, diff_id: &Digest) -> Result<LayerSource> {
    ensure!(store.has(name), "`{}` is missing in it: save the image anew", escaped(name));
    let source = store.source(name)?;
    let opened = source.open().about(|| source.to_string())?;
    let (_, found) = hash(opened.bytes(0..opened.len()))?;
    if found != *diff_id {
        let error = anyhow::anyhow!(
            "`{}` in it has the digest {found} unpacked, where the image has {diff_id}: it is damaged; save the image \
             anew",
            escaped(name)
        );
        return Err(error).of_kind(ErrorKind::Damaged);
    }
    Ok(match opened.into_spooled() {
        // It was unpacked, and need not be once more.
        Some(unpacked) => ArchiveSource::Stream(unpacked),
        None => source,
    })
}
