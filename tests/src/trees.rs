//! The directory trees that programs are given.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

/// The tree that the guest programs know: `/data` of all kinds of entries, an empty `/tmp`, and
/// `/work` to write in.
///
/// # Errors
///
/// When the host's filesystem refuses.
pub fn for_guests(root: &Path) -> Result<()> {
    let data = root.join("data");
    fs::create_dir_all(data.join("a/b/c/d/e"))?;
    fs::create_dir_all(data.join("sub"))?;
    fs::create_dir(data.join("void"))?;
    fs::create_dir(root.join("work"))?;
    temporary_directory(root)?;
    fs::write(data.join("hello.txt"), "hello from the baked tree\n")?;
    fs::hard_link(data.join("hello.txt"), data.join("hard.txt"))?;
    fs::write(data.join("sub/lines.txt"), "one\ntwo\nthree\n")?;
    symlink("../hello.txt", data.join("sub/link-to-hello"))?;
    let blob = noise(100_003);
    fs::write(data.join("blob.bin"), &blob)?;
    // The same bytes again: stored once.
    fs::write(data.join("twin.bin"), &blob)?;
    fs::write(data.join("empty"), "")?;
    fs::write(data.join("naïve ☃.txt"), "a name that is not ASCII\n")?;
    fs::write(data.join("a/b/c/d/e/deep.txt"), "deep\n")?;
    set_modified(&data.join("hello.txt"), 1_234_567_890, 123_456_789)?;
    set_modified(&data.join("sub/lines.txt"), 1, 0)
}

/// The tree that the themes of `tests/preview1/` know: `/tree` with links of every kind, and
/// `/second`, which is empty and a preopen beside `/`. What they write is elsewhere.
///
/// # Errors
///
/// When the host's filesystem refuses.
pub fn for_themes(root: &Path) -> Result<()> {
    fs::create_dir(root.join("second"))?;
    let tree = root.join("tree");
    fs::create_dir(&tree)?;
    fs::write(tree.join("file"), "from the tree\n")?;
    symlink("/tree/file", tree.join("absolute"))?;
    symlink("../../tree", tree.join("out"))?;
    symlink("../tree", tree.join("up"))?;
    set_modified(&tree.join("file"), 1_234_567_890, 123_456_789)
}

/// `/tmp`, as `pack` adds it by itself.
///
/// # Errors
///
/// When the host's filesystem refuses.
pub fn temporary_directory(root: &Path) -> Result<()> {
    fs::create_dir(root.join("tmp"))?;
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777))?;
    Ok(())
}

/// Copies a directory with all that is in it: modes, times, links.
///
/// # Errors
///
/// When `cp` fails.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let status =
        Command::new("cp").arg("-a").arg(from).arg(to).status().context("cannot start cp")?;
    ensure!(status.success(), "cannot copy {} to {}", from.display(), to.display());
    Ok(())
}

fn set_modified(path: &Path, seconds: u64, nanoseconds: u32) -> Result<()> {
    let time = UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    fs::File::options().write(true).open(path)?.set_modified(time)?;
    Ok(())
}

/// Bytes without a pattern, always the same.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..bytes).map(|_| next()).collect()
}
