//! A directory for one test, and ways to fill it and to run the tool in it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

/// A moment with nanoseconds, for files whose date matters: 2020-09-13 12:26:40.123456789 UTC.
pub(crate) const THEN: (u64, u32) = (1_600_000_000, 123_456_789);

/// A test's own directory.
pub(crate) struct Sandbox {
    directory: TempDir,
}

/// What the tool did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// The same, after checking that it succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self
    }

    /// Its error, after checking that it is one line of the right shape.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        assert_eq!(self.status, 1, "{}", self.stderr);
        let line = self.stderr.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        line.strip_prefix("wasm-vfs: error: ").unwrap_or_else(|| panic!("{line}"))
    }
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes a file, and the directories that it is in.
    pub(crate) fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }

    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Sets the mode, and [`THEN`] as the date.
    pub(crate) fn dress(&self, name: &str, mode: u32) {
        let path = self.path(name);
        let then = UNIX_EPOCH + Duration::new(THEN.0, THEN.1);
        fs::File::open(&path).unwrap().set_modified(then).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Makes a module of text.
    pub(crate) fn wasm(&self, name: &str, text: &str) -> PathBuf {
        self.file(name, wat::parse_str(text).unwrap())
    }

    /// Runs the tool here.
    pub(crate) fn tool(&self, args: &[&str]) -> Ran {
        self.tool_with(args, &[], b"")
    }

    /// The tool, to be run here with its streams as pipes.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-vfs"));
        command
            .args(args)
            .current_dir(self.directory.path())
            .env_remove("SOURCE_DATE_EPOCH")
            .env("XDG_CACHE_HOME", self.path(".cache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the tool here with more environment and with standard input.
    pub(crate) fn tool_with(&self, args: &[&str], env: &[(&str, &str)], stdin: &[u8]) -> Ran {
        let mut child = self.command(args).envs(env.iter().copied()).spawn().unwrap();
        // The tool may end without reading it.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        Ran { status: status.code().unwrap_or(-1), stdout, stderr }
    }

    /// Bakes directories into `image.wasm`.
    #[track_caller]
    pub(crate) fn image(&self, args: &[&str]) -> Ran {
        self.image_with_dev(&[&["--no-dev"], args].concat())
    }

    /// As [`image`](Self::image), with the `/dev` that is added unless one says otherwise.
    #[track_caller]
    pub(crate) fn image_with_dev(&self, args: &[&str]) -> Ran {
        let mut all = vec!["image", "-o", "image.wasm"];
        all.extend_from_slice(args);
        self.tool(&all).ok()
    }

    /// What `wasm-vfs tree` shows of `image.wasm`, without its last lines.
    #[track_caller]
    pub(crate) fn image_tree(&self) -> String {
        let shown = self.tool(&["tree", "image.wasm"]).ok();
        shown.stdout().rsplit_once("\n\n").unwrap().0.to_owned()
    }

    /// The names beneath a directory of the sandbox, sorted.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(directory))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn read(path: impl AsRef<Path>) -> Vec<u8> {
    fs::read(path).unwrap()
}

/// A command that does nothing.
pub(crate) const NOTHING: &str = r#"
    (module
      (import "wasi_snapshot_preview1" "fd_write"
        (func (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")))"#;
