//! Compilers: each zig that is installed, for wasi-libc.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use wasm_vfs_tests::tools;

/// The SDK as it is checked in: what `wasm-vfs sdk` writes.
pub(crate) fn sdk() -> PathBuf {
    tools::test_data("../snapshot-tool/sdk")
}

/// A zig, with the wasi-libc that it brings.
pub(crate) struct Zig {
    executable: PathBuf,
    cache: PathBuf,
}

impl Zig {
    /// The newest and the oldest that wasm-vfs works with; nothing, if they are not installed.
    pub(crate) fn all() -> Vec<Self> {
        let found = [("python", "zig"), ("python-old", "zig-old")].map(|(packages, cache)| {
            let executable = tools::installed(&format!("{packages}/ziglang/zig"))?;
            let cache = tools::target().join("guests/build").join(cache);
            Some(Self { executable, cache })
        });
        found.into_iter().flatten().collect()
    }

    /// The newest.
    pub(crate) fn newest() -> Option<Self> {
        Self::all().into_iter().next()
    }

    /// Whether it is the oldest.
    pub(crate) fn is_old(&self) -> bool {
        self.cache.ends_with("zig-old")
    }

    /// A command of it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.executable);
        command.args(arguments);
        command.env("ZIG_GLOBAL_CACHE_DIR", &self.cache).env("ZIG_LOCAL_CACHE_DIR", &self.cache);
        command
    }

    /// `zig cc` for wasi-libc, with the SDK's headers.
    pub(crate) fn cc(&self) -> Command {
        let mut command = self.command(&["cc", "-target", "wasm32-wasi"]);
        let mut include = std::ffi::OsString::from("-I");
        include.push(sdk().join("include"));
        command.arg(include);
        command
    }

    /// Compiles C and links it with the SDK's library.
    pub(crate) fn link(&self, source: &Path, output: &Path) -> Result<()> {
        let mut cc = self.cc();
        // As the guests: zig builds its libc once for all that say the same.
        cc.args(["-Os", "-w"]).arg(source).arg(sdk().join("lib/libwasm_vfs.a"));
        run(cc.arg("-o").arg(output)).map(drop)
    }
}

/// Runs a command that must succeed; what it wrote to standard output.
pub(crate) fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{}: {}\n{}",
        command.get_args().collect::<Vec<_>>().join(OsStr::new(" ")).display(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}
