//! Layers that programs leave, applied by umoci: on the layer of the packed tree they are the tree that an export has.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use wasm_vfs_tests::on_disk::{Facts, assert_same, done, facts, unpacked};
use wasm_vfs_tests::tools;

use crate::archives::export;
use crate::linux::{self, linux};
use crate::states::{CWD, NOFOLLOW, O_WRONLY_CREAT, POLICY, REMOVEDIR};
use crate::states::{packed_tree, snapshot};
use crate::{FORMS, Running};

/// An image layout with one image, `base`.
struct Layout {
    directory: TempDir,
}

impl Layout {
    /// One whose image has this layer; `None` if there is no umoci, or it cannot give files away.
    fn new(base: &[u8]) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            tools::leave_out("layers by umoci", "only root can give files away");
            return None;
        }
        let layout = Self { directory: tempfile::tempdir().unwrap() };
        layout.umoci(&["init", "--layout", "layout"])?;
        layout.umoci(&["new", "--image", "layout:base"])?;
        layout.add("base", base)?;
        Some(layout)
    }

    /// Runs umoci there.
    fn umoci(&self, arguments: &[&str]) -> Option<()> {
        let mut umoci = tools::debian("umoci")?;
        done(umoci.args(arguments).current_dir(self.directory.path()));
        Some(())
    }

    /// Adds a layer to an image.
    fn add(&self, image: &str, layer: &[u8]) -> Option<()> {
        fs::write(self.directory.path().join("layer.tar"), layer).unwrap();
        self.umoci(&["raw", "add-layer", "--image", &format!("layout:{image}"), "layer.tar"])
    }

    /// What umoci unpacks of the image and a layer.
    fn with(&self, layer: &[u8]) -> BTreeMap<PathBuf, Facts> {
        self.umoci(&["tag", "--image", "layout:base", "changed"]).unwrap();
        self.add("changed", layer).unwrap();
        self.umoci(&["unpack", "--image", "layout:changed", "bundle"]).unwrap();
        let bundle = self.directory.path().join("bundle");
        let facts = facts(&bundle.join("rootfs"));
        fs::remove_dir_all(bundle).unwrap();
        facts
    }
}

/// What an export of the tree has.
fn exported(running: &mut Running) -> BTreeMap<PathBuf, Facts> {
    facts(unpacked(&export(running, "/")).path())
}

/// `struct timespec times[2]`.
fn times(seconds: i64, nanoseconds: i64) -> Vec<u8> {
    [seconds, nanoseconds, seconds, nanoseconds].iter().flat_map(|it| it.to_le_bytes()).collect()
}

#[test]
fn all_kinds_of_changes() {
    let directory = packed_tree();
    for form in FORMS {
        let running = &mut Running::of(&linux::pack(directory.path(), form, POLICY));
        let Some(layout) = Layout::new(&export(running, "/")) else { return };
        let write = |running: &mut Running, path: &str, text: &str| {
            let fd = linux!(running, openat, CWD, path, O_WRONLY_CREAT, 0o644);
            linux!(running, pwrite64, fd, text, text.len() as i64, 0);
            linux!(running, close, fd);
        };
        // Changed in place: contents, and a directory that was renamed with what was changed in it.
        write(running, "a/b/g", "changed");
        linux!(running, mkdirat, CWD, "n", 0o755);
        linux!(running, renameat, CWD, "a/b", CWD, "n/b");
        write(running, "n/b/c/new", "new in what was renamed");
        // A directory in place of one that was there, a directory of a file, a link of a directory.
        for name in ["d/i", "d/k"] {
            linux!(running, unlinkat, CWD, name, 0);
        }
        linux!(running, unlinkat, CWD, "d", REMOVEDIR);
        linux!(running, mkdirat, CWD, "d", 0o711);
        write(running, "d/other", "other");
        linux!(running, unlinkat, CWD, "a/f", 0);
        linux!(running, mkdirat, CWD, "a/f", 0o700);
        write(running, "a/f/deep", "deep");
        linux!(running, unlinkat, CWD, "l", 0);
        linux!(running, symlinkat, "a/f/deep", CWD, "l");
        // Further names of what was there, and of what is new.
        linux!(running, linkat, CWD, "j", CWD, "n/j", 0);
        linux!(running, linkat, CWD, "a/f/deep", CWD, "n/deep", 0);
        linux!(running, mknodat, CWD, "n/pipe", 0o010_620, 0);
        linux!(running, linkat, CWD, "n/pipe", CWD, "d/pipe", 0);
        // What is known of them.
        linux!(running, fchownat, CWD, "n/b/g", 1000, 70_000, 0);
        linux!(running, fchownat, CWD, "l", 7, 8, NOFOLLOW);
        linux!(running, fchmodat, CWD, "n/b/g", 0o6751, 0);
        linux!(running, fchmodat, CWD, "n/b", 0o1777, 0);
        for (path, name) in [("n/b/g", "user.a"), ("n", "user.directory"), ("j", "trusted.t")] {
            linux!(running, setxattr, path, name, &b"a \0 \xff"[..], 5, 0);
        }
        for (path, seconds) in [("n/b/g", 1), ("l", 2_000_000_000), ("n/pipe", 3), ("n", 4)] {
            let times = times(seconds, 123_456_789);
            linux!(running, utimensat, CWD, path, &times[..], NOFOLLOW);
        }
        let layer = snapshot(running);
        assert_same(&exported(running), &layout.with(&layer), &form.to_string());
    }
}
