//! Programs as OCI artifacts, for registries and for what runs containers.
//!
//! An artifact is a manifest, a config and one layer, and the layer is the `.wasm` as it is. Its form is the
//! [Wasm OCI artifact layout] that CNCF's WebAssembly working group specifies, which containerd's
//! runwasi shims, wasmCloud and Spin read. [`Artifact`] makes one of a program and writes it as an
//! [OCI image layout]. `Registry` (feature `registry`) pushes it to a registry, and pulls a program from there.
//!
//! [Wasm OCI artifact layout]: https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/
//! [OCI image layout]: https://github.com/opencontainers/image-spec/blob/main/image-layout.md

// | file | what |
// |---|---|
// | `media_type` | the names of formats |
// | `digest` | `sha256:...` |
// | `document` | manifests, indexes and configs as they are in JSON |
// | `reference` | names of artifacts |
// | `artifact` | a program becomes an artifact |
// | `layout_writer` | an artifact becomes a directory or a tar archive |
// | `credentials`, `failure`, `registry` | pushing and pulling (feature `registry`) |

mod artifact;
#[cfg(feature = "registry")]
mod credentials;
pub(crate) mod digest;
pub(crate) mod document;
#[cfg(feature = "registry")]
mod failure;
mod layout_writer;
pub(crate) mod media_type;
mod reference;
#[cfg(feature = "registry")]
mod registry;

pub use artifact::Artifact;
#[cfg(feature = "registry")]
pub use registry::{Pulled, Registry};
