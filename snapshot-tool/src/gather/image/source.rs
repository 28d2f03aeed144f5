//! What somebody named: [`OciImage`].

use crate::error::{Error, ErrorKind, InnerResult, Marked as _};
use crate::gather::archive::source::{ArchiveSource, LayerSource};
use crate::gather::image::store::Store;
use crate::gather::image::{docker, layout};
use crate::oci::document::Platform;
use anyhow::bail;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;

/// An image of a container whose files become a part of a tree: in an OCI image layout, a directory
/// or a tar archive of one, or in what `docker save` writes.
///
/// ```
/// use wasm_vfs::{OciImage, TreeBuilder};
///
/// let image = OciImage::in_layout("images.tar").reference("app:1.0").platform("linux/amd64")?;
/// let tree = TreeBuilder::new().oci(image, "/");
/// # Ok::<(), wasm_vfs::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OciImage {
    place: Place,
    reference: Option<String>,
    platform: Option<Platform>,
}

#[derive(Clone, Debug)]
enum Place {
    Path(PathBuf),
    Stream(ArchiveSource),
}

impl OciImage {
    /// The only image of a layout, or one of several that the other methods choose. Nothing is read
    /// yet.
    #[must_use]
    pub fn in_layout(layout: impl Into<PathBuf>) -> Self {
        Self { place: Place::Path(layout.into()), reference: None, platform: None }
    }

    /// As [`in_layout`](Self::in_layout), of an archive that is read to its end now, into a temporary
    /// file.
    ///
    /// # Errors
    ///
    /// As those of [`TreeBuilder::tar_stream`](crate::TreeBuilder::tar_stream).
    pub fn in_stream(archive: impl Read) -> Result<Self, Error> {
        let source = ArchiveSource::stream(archive).about(|| "the image from a stream".to_owned());
        let place = Place::Stream(source.of_kind(ErrorKind::Tree)?);
        Ok(Self { place, reference: None, platform: None })
    }

    /// Chooses the image of this name: a tag or reference that the layout knows it by, or its digest.
    #[must_use]
    pub fn reference(mut self, name: impl Into<String>) -> Self {
        self.reference = Some(name.into());
        self
    }

    /// Chooses the image for a platform: `linux/amd64`, `linux/arm/v7`.
    ///
    /// # Errors
    ///
    /// If the text is none: [`Tree`](ErrorKind::Tree).
    pub fn platform(mut self, platform: &str) -> Result<Self, Error> {
        self.platform = Some(platform.parse().of_kind(ErrorKind::Tree)?);
        Ok(self)
    }

    /// Its layers, the lowest first, verified.
    ///
    /// # Errors
    ///
    /// When the layout cannot be read or is damaged, or it is not clear which image is meant.
    pub(crate) fn layers(&self) -> InnerResult<Vec<LayerSource>> {
        self.find().of_kind(ErrorKind::Tree).about(|| self.to_string())
    }

    fn find(&self) -> InnerResult<Vec<LayerSource>> {
        let store = match &self.place {
            Place::Path(path) if path.is_dir() => Store::Directory(path.clone()),
            Place::Path(path) => Store::archive(&ArchiveSource::File(path.clone()))?,
            Place::Stream(source) => Store::archive(source)?,
        };
        let (name, platform) = (self.reference.as_deref(), self.platform.as_ref());
        let layers = if store.has(layout::MARK) {
            layout::layers(&store, name, platform)
        } else if store.has(docker::MANIFESTS) {
            docker::layers(&store, name, platform)
        } else {
            bail!(
                "it is no image: it has neither the `{}` of an image layout nor the `{}` of `docker save`; a directory \
                 is mapped with --dir, any other archive with --tar",
                layout::MARK,
                docker::MANIFESTS
            )
        };
        // If it was changed meanwhile, that is why it makes no sense.
        store.check()?;
        layers
    }
}

impl fmt::Display for OciImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Path(path) => write!(f, "image `{}`", path.display()),
            Place::Stream(_) => f.write_str("the image from a stream"),
        }
    }
}
