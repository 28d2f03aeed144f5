//! The documents of OCI as they are in JSON: manifests, indexes, configs.
//!
//! Fields are in the order in which they are written, and maps are sorted: equal documents are equal
//! bytes. What nobody here reads or writes has no field.

use crate::oci::digest::Digest;
use anyhow::{Context as _, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// The version of manifests and indexes.
pub(crate) const SCHEMA_VERSION: u32 = 2;
/// The version of layouts.
pub(crate) const LAYOUT_VERSION: &str = "1.0.0";

/// The name of a file or of an image in a layer or a manifest.
pub(crate) const TITLE: &str = "org.opencontainers.image.title";
/// The name of a manifest in an index.
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The name that containerd gives to an image that it imports.
pub(crate) const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// Remarks on something, by names that anybody may choose.
pub(crate) type Annotations = BTreeMap<String, String>;

/// The longest document that is read, in bytes: what registries take at most, too.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 4 << 20;

/// Refers to a blob.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    /// Its length in bytes.
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<Platform>,
    #[serde(default, deserialize_with = "or_null", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: Annotations,
}

/// What an image runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Platform {
    pub(crate) architecture: String,
    pub(crate) os: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
}

/// One image or artifact.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) schema_version: u32,
    /// Missing in some, where who refers to it tells.
    #[serde(default)]
    pub(crate) media_type: String,
    pub(crate) config: Descriptor,
    #[serde(default, deserialize_with = "or_null")]
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, deserialize_with = "or_null", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: Annotations,
}

/// Several manifests.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    pub(crate) schema_version: u32,
    /// As that of a manifest.
    #[serde(default)]
    pub(crate) media_type: String,
    #[serde(default, deserialize_with = "or_null")]
    pub(crate) manifests: Vec<Descriptor>,
}

/// The file `oci-layout`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LayoutMark {
    pub(crate) image_layout_version: String,
}

/// The config of a WebAssembly artifact.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WasmConfig {
    /// RFC 3339. The specification does not say that it may be missing, and readers insist on it.
    pub(crate) created: String,
    pub(crate) architecture: &'static str,
    pub(crate) os: &'static str,
    /// The layers once more, so that no two artifacts have one config.
    pub(crate) layer_digests: Vec<Digest>,
    /// Of a component, nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) component: Option<ComponentInterfaces>,
}

/// What a component wants and gives.
#[derive(Debug, Serialize)]
pub(crate) struct ComponentInterfaces {
    pub(crate) exports: Vec<String>,
    pub(crate) imports: Vec<String>,
}

/// A document as it is written.
///
/// # Errors
///
/// None that is known.
pub(crate) fn to_json(document: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(document).context("cannot write a document of OCI")
}

/// Reads a document of some kind, which `what` names for messages.
///
/// # Errors
///
/// When it is too long, no JSON, or lacks something.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T> {
    ensure!(
        bytes.len() as u64 <= MAX_DOCUMENT_BYTES,
        "{what} has {} bytes, more than the {MAX_DOCUMENT_BYTES} of any registry",
        bytes.len()
    );
    serde_json::from_slice(bytes).with_context(|| format!("{what} is damaged, or something else"))
}

/// Go writes `null` for what is empty.
fn or_null<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
