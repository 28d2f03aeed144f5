//! Which of several images is meant: by name and by platform.

use crate::oci::document::{Annotations, CONTAINERD_NAME, Platform, REF_NAME};
use crate::quote::escaped;
use anyhow::{Result, bail, ensure};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The registry and the library that docker leaves out.
const DOCKER_LIBRARY: &str = "docker.io/library/";
const DOCKER_HUB: &str = "docker.io/";

impl FromStr for Platform {
    type Err = anyhow::Error;

    /// Reads `OS/ARCHITECTURE` or `OS/ARCHITECTURE/VARIANT`.
    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant.to_owned())),
            _ => ("", "", None),
        };
        ensure!(
            !os.is_empty() && !architecture.is_empty(),
            "`{text}` is no platform: write OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, as in linux/amd64 or linux/arm/v7"
        );
        Ok(Self { architecture: architecture.to_owned(), os: os.to_owned(), variant })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

/// Whether a platform is what was asked for. A variant that nobody asked for is as good as another.
fn is_asked(platform: &Platform, asked: &Platform) -> bool {
    platform.os == asked.os
        && platform.architecture == asked.architecture
        && (asked.variant.is_none() || platform.variant == asked.variant)
}

/// What an image is called: by the annotations of who refers to it.
pub(super) fn names(annotations: &Annotations) -> impl Iterator<Item = &str> {
    [CONTAINERD_NAME, REF_NAME]
        .into_iter()
        .filter_map(|key| annotations.get(key))
        .map(String::as_str)
}

/// Whether a name is the one that was asked for: as it is, or as docker abbreviates it.
pub(super) fn is_named(name: &str, asked: &str) -> bool {
    let long = |name: &str| {
        let name = name.strip_prefix(DOCKER_LIBRARY).or_else(|| name.strip_prefix(DOCKER_HUB));
        name.map(str::to_owned)
    };
    let tagged = |name: &str| format!("{name}:latest");
    let short = long(name);
    let short = short.as_deref().unwrap_or(name);
    [name, short].iter().any(|name| *name == asked || *name == tagged(asked))
}

/// An image that may be meant.
#[derive(Debug)]
pub(super) struct Candidate<T> {
    pub(super) image: T,
    /// `None` if nobody tells.
    pub(super) platform: Option<Platform>,
}

/// The one image that is meant, of those with the right name.
///
/// # Errors
///
/// When there is none, or several; the message lists them.
pub(super) fn chosen<T>(candidates: Vec<Candidate<T>>, asked: Option<&Platform>) -> Result<T> {
    let all = platforms(&candidates);
    let fits = |it: &Candidate<T>| match (asked, &it.platform) {
        (Some(asked), Some(platform)) => is_asked(platform, asked),
        (Some(_), None) => false,
        (None, _) => true,
    };
    let mut fitting: Vec<Candidate<T>> = candidates.into_iter().filter(fits).collect();
    let list = platforms(&fitting);
    let is_one_each = list.iter().collect::<BTreeSet<_>>().len() == list.len();
    match fitting.pop() {
        None if all.is_empty() => bail!("it holds no image"),
        None => bail!("it has no image for that platform; there are: {}", all.join(", ")),
        Some(one) if fitting.is_empty() => Ok(one.image),
        Some(_) if is_one_each => bail!(
            "it has images for several platforms; choose one with --oci-platform: {}",
            list.join(", ")
        ),
        Some(_) => bail!(
            "it has several images of one platform ({}); name one by LAYOUT:REF, or by its digest",
            list.join(", ")
        ),
    }
}

/// The platforms of images, for messages.
fn platforms<T>(candidates: &[Candidate<T>]) -> Vec<String> {
    let shown = |it: &Candidate<T>| match &it.platform {
        Some(platform) => escaped(platform.to_string()),
        None => "of no platform".to_owned(),
    };
    candidates.iter().map(shown).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn platforms() {
        let platform = |text: &str| text.parse::<Platform>().unwrap();
        assert_eq!(platform("linux/arm/v7").to_string(), "linux/arm/v7");
        assert!(is_asked(&platform("linux/arm64/v8"), &platform("linux/arm64")));
        assert!(!is_asked(&platform("linux/arm/v6"), &platform("linux/arm/v7")));
        assert!(!is_asked(&platform("linux/amd64"), &platform("windows/amd64")));
        for text in ["", "linux", "linux/", "/amd64", "a/b/c/d"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn names_as_docker_abbreviates_them() {
        for (name, asked, is_it) in [
            ("1.0", "1.0", true),
            ("docker.io/library/app:1.0", "app:1.0", true),
            ("docker.io/library/app:latest", "app", true),
            ("docker.io/me/app:1.0", "me/app:1.0", true),
            ("app:latest", "app", true),
            ("app:1.0", "app", false),
            ("example.com/app:1.0", "app:1.0", false),
        ] {
            assert_eq!(is_named(name, asked), is_it, "{name} {asked}");
        }
    }
}
