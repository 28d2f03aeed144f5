//! fs-core mounted at a directory by its example program `fuse`, for suites that need a kernel between.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

/// How long mounting may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why this machine cannot mount, if so: for those who leave it out then.
pub(crate) fn obstacle() -> Option<&'static str> {
    if !Path::new("/dev/fuse").exists() {
        return Some("there is no /dev/fuse (modprobe fuse, or a container without that device)");
    }
    if fs::metadata("/proc/self").map_or(u32::MAX, |process| process.uid()) != 0 {
        return Some("only root may mount and act as other users");
    }
    None
}

/// A directory with something mounted at it, unmounted and removed when dropped.
#[derive(Debug)]
pub(crate) struct Mounted {
    at: PathBuf,
    /// The program that serves it, which ends by itself when it is unmounted.
    server: Option<Child>,
}

impl Mounted {
    /// An empty filesystem of this project's.
    pub(crate) fn by_fuse(name: &str) -> Result<Mounted> {
        let build = ["build", "--quiet", "--release", "--package", "wasm-vfs-core"];
        let mut cargo = process::cargo(&build);
        process::run(cargo.args(["--example", "fuse"]))?;
        let at = mountpoint(name)?;
        let mut server = Command::new(workspace::target().join("release/examples/fuse"));
        let shown = process::show(&server);
        let server = server.arg(&at).spawn().with_context(|| format!("cannot start `{shown}`"))?;
        let mut mounted = Mounted { at, server: Some(server) };
        mounted.wait()?;
        Ok(mounted)
    }

    /// An empty filesystem of Linux's own, to compare with.
    pub(crate) fn tmpfs(name: &str) -> Result<Mounted> {
        let at = mountpoint(name)?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "mode=755", "wasm-vfs-compare"]).arg(&at);
        process::run(&mut mount)?;
        Ok(Mounted { at, server: None })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.at
    }

    fn wait(&mut self) -> Result<()> {
        let begin = Instant::now();
        while !self.is_mounted() {
            if let Some(server) = &mut self.server
                && let Some(status) = server.try_wait()?
            {
                bail!("the server at {} ended: {status}", self.at.display());
            }
            if begin.elapsed() > PATIENCE {
                bail!("nothing is mounted at {} after {PATIENCE:?}", self.at.display());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Whether the directory is on another device than the one it is in.
    fn is_mounted(&self) -> bool {
        let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
        let outer = self.at.parent().and_then(device);
        device(&self.at).is_some_and(|inner| Some(inner) != outer)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if self.is_mounted()
            && let Err(error) = process::run(Command::new("umount").arg("--lazy").arg(&self.at))
        {
            eprintln!("xtask: {} is left mounted: {error:#}", self.at.display());
            return;
        }
        if let Some(mut server) = self.server.take() {
            // It ends when the mount does; killing is for one that hangs before that.
            thread::sleep(Duration::from_millis(200));
            if !matches!(server.try_wait(), Ok(Some(_))) {
                let _ = server.kill();
                let _ = server.wait();
            }
        }
        // Not a tree: if something were still mounted there, its files would go.
        let _ = fs::remove_dir(&self.at);
    }
}

/// A fresh directory that every user may enter, which the build directory may not be.
fn mountpoint(name: &str) -> Result<PathBuf> {
    let at = std::env::temp_dir().join(format!("wasm-vfs-{name}-{}", std::process::id()));
    fs::create_dir(&at)
        .and_then(|()| fs::set_permissions(&at, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot create {}", at.display()))?;
    Ok(at)
}
