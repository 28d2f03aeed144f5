//! A directory that is removed with all beneath it, however deep: std's `remove_dir_all` recurses,
//! with a descriptor a level.

use super::places::directory_flags;
use rustix::fs::{self, AtFlags, Dir, FileType, Mode};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Removes a directory that is ours: nobody else moves what is in it.
///
/// # Errors
///
/// When something in it cannot be removed.
pub(crate) fn remove_tree(path: &Path) -> Result<(), Errno> {
    let mut open = fs::open(path, directory_flags(), Mode::empty())?;
    // For each directory on the way its name, and what is left of the directories in it.
    let mut way: Vec<(CString, Vec<CString>)> = vec![(CString::default(), empty(&open)?)];
    while let Some((_, rest)) = way.last_mut() {
        if let Some(name) = rest.pop() {
            open = enter(&open, &name)?;
            let inside = empty(&open)?;
            way.push((name, inside));
            continue;
        }
        let Some((name, _)) = way.pop() else { break };
        if way.is_empty() {
            break;
        }
        open = enter(&open, c"..")?;
        fs::unlinkat(&open, name, AtFlags::REMOVEDIR)?;
    }
    drop(open);
    fs::rmdir(path)
}

/// Removes all but directories; returns their names.
fn empty(open: &OwnedFd) -> Result<Vec<CString>, Errno> {
    let mut directories = Vec::new();
    for entry in Dir::read_from(open)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let is_directory = match entry.file_type() {
            FileType::Unknown => {
                let stat = fs::statat(open, name, AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(stat.st_mode).is_dir()
            }
            file_type => file_type.is_dir(),
        };
        if is_directory {
            directories.push(name.to_owned());
        } else {
            fs::unlinkat(open, name, AtFlags::empty())?;
        }
    }
    Ok(directories)
}

/// Opens a directory that may have been given its mode already.
fn enter(open: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
    match fs::openat(open, name, directory_flags(), Mode::empty()) {
        Err(Errno::ACCESS) if name != c".." => {
            fs::chmodat(open, name, Mode::RWXU, AtFlags::empty())?;
            fs::openat(open, name, directory_flags(), Mode::empty())
        }
        opened => opened,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::fs as std_fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn all_of_it_goes_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std_fs::create_dir_all(path.join("gone/a/b")).unwrap();
        std_fs::create_dir_all(path.join("gone/c")).unwrap();
        std_fs::create_dir(path.join("stays")).unwrap();
        std_fs::write(path.join("stays/file"), "").unwrap();
        symlink("../../stays", path.join("gone/a/link")).unwrap();
        std_fs::write(path.join("gone/a/b/file"), "").unwrap();
        std_fs::set_permissions(path.join("gone/c"), std_fs::Permissions::from_mode(0o0)).unwrap();
        remove_tree(&path.join("gone")).unwrap();
        assert!(!path.join("gone").exists());
        assert!(path.join("stays/file").exists());
    }

    #[test]
    fn depth_is_no_limit() {
        let directory = tempfile::tempdir().unwrap();
        let mut open = fs::open(directory.path(), directory_flags(), Mode::empty()).unwrap();
        for _ in 0..5000 {
            fs::mkdirat(&open, c"d", Mode::RWXU).unwrap();
            open = enter(&open, c"d").unwrap();
        }
        remove_tree(&directory.path().join("d")).unwrap();
        assert!(!directory.path().join("d").exists());
    }
}
