//! Mounts fs-core at a directory, with its example program `fuse`, for suites that call a kernel.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, bail};

use crate::left_out::LeftOut;
use crate::{process, workspace};

/// How long mounting may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The capability that mounting takes (capabilities(7)), as a bit of `CapEff` in
/// proc_pid_status(5).
const CAP_SYS_ADMIN: u64 = 1 << 21;

/// Runs `suite`, or notes that this machine cannot mount what it runs on.
///
/// # Errors
///
/// Those of `suite`.
pub(crate) fn or_leave_out(
    left_out: &mut LeftOut,
    what: &str,
    suite: impl FnOnce() -> Result<()>,
) -> Result<()> {
    match obstacle() {
        Some(why) => {
            left_out.note_of_this_machine(what, why);
            Ok(())
        }
        None => suite(),
    }
}

/// Why this machine cannot mount, if so.
fn obstacle() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let capabilities = capabilities.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    if capabilities.unwrap_or(0) & CAP_SYS_ADMIN == 0 {
        return Some("only root with CAP_SYS_ADMIN may mount and act as other users".to_owned());
    }
    let device = fs::OpenOptions::new().read(true).write(true).open("/dev/fuse");
    device.err().map(|error| {
        format!("/dev/fuse: {error} (modprobe fuse, or a container without that device)")
    })
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
