//! Names of artifacts: in the index of a layout, and of images.

use anyhow::{Result, ensure};

/// The longest name.
const MAX_BYTES: usize = 255;

/// Checks the name of a manifest in a layout: `org.opencontainers.image.ref.name` of the image
/// specification. Components with `/` between them; in a component, letters and digits with single
/// separators between them.
///
/// # Errors
///
/// When it is none.
pub(super) fn check_ref_name(name: &str) -> Result<()> {
    let is_component = |component: &str| {
        // The specification's only separator of two characters.
        let component = component.replace("--", "-");
        component
            .split(['-', '.', '_', ':', '@', '+'])
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    ensure!(
        name.len() <= MAX_BYTES && name.split('/').all(is_component),
        "`{name}` is no name of an artifact: give a tag (`1.0`) or a reference (`example.com/app:1.0`), letters and \
         digits with single `-._:@+/` between them, at most {MAX_BYTES} bytes"
    );
    Ok(())
}

/// Whether a name tells its registry, as containerd wants it: the part before the first slash is the
/// name of a host.
pub(super) fn is_whole(name: &str) -> bool {
    let Some((host, _)) = name.split_once('/') else { return false };
    host == "localhost" || host.contains(['.', ':'])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["1.0", "latest", "v1--2", "example.com/a/b:1.0", "localhost:5000/a@sha256:00"]
        {
            check_ref_name(name).unwrap();
        }
        let long = "n".repeat(256);
        for name in ["", "/", "a/", "/a", "a b", "a..b", "-a", "ä", "a\n", &long] {
            assert!(check_ref_name(name).is_err(), "{name}");
        }
        let whole = ["example.com/a:1", "localhost/a", "localhost:5000/a:1", "127.0.0.1:1/a"];
        assert!(whole.into_iter().all(is_whole));
        assert!(!["1.0", "app:1.0", "library/app"].into_iter().any(is_whole));
    }
}
