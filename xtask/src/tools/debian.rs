//! Fetches programs of Debian that only tests run, and unpacks them into `target/tools/debian`:
//! nothing is installed, and nothing outside the build directory changes but apt's lists.
//!
//! apt checks the signatures of what it fetches. The versions are those of the machine's Debian.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{process, workspace};

/// The packages: a registry, and tools that read and write images, with the libraries that a small
/// Debian lacks.
const PACKAGES: &[&str] = &[
    "docker-registry",
    "skopeo",
    "umoci",
    // What skopeo is linked with.
    "libassuan0",
    "libdevmapper1.02.1",
    "libgpgme11",
];

/// Returns the directory that is the root of the unpacked packages.
fn root() -> PathBuf {
    workspace::tools().join("debian")
}

/// Fetches and unpacks the packages, unless they are there.
pub(crate) fn ensure() -> Result<()> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "the packages are fetched for Linux on x86-64"
    );
    let release = fs::read_to_string("/etc/debian_version").ok();
    let release =
        release.context("this machine is no Debian; its packages are fetched with apt")?;
    let wanted = format!("{}{}", release, PACKAGES.join("\n"));
    let stamp = root().join("unpacked");
    if fs::read_to_string(&stamp).ok().as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    let unfinished = root().with_extension("unfinished");
    workspace::clear(&unfinished)?;
    let archives = unfinished.join("archives");
    fs::create_dir_all(&archives)
        .with_context(|| format!("cannot create {}", archives.display()))?;
    eprintln!("xtask: fetching {} of Debian into {}", PACKAGES.join(", "), root().display());
    let download = || {
        let mut apt = Command::new("apt-get");
        apt.args(["download", "-qq"]).args(PACKAGES).current_dir(&archives);
        process::read(&mut apt)
    };
    // A new machine has no lists, and an old one may have lists of versions that are gone.
    if download().is_err() {
        process::read(Command::new("apt-get").args(["update", "-qq"]))?;
        download()?;
    }
    for entry in fs::read_dir(&archives)? {
        let mut dpkg = Command::new("dpkg-deb");
        process::run(dpkg.arg("--extract").arg(entry?.path()).arg(&unfinished))?;
    }
    workspace::clear(&archives)?;
    fs::write(unfinished.join("unpacked"), wanted)
        .with_context(|| format!("cannot write {}", stamp.display()))?;
    workspace::clear(&root())?;
    fs::rename(&unfinished, root()).with_context(|| format!("cannot create {}", root().display()))
}
