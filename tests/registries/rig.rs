//! A registry for one test, the tools that speak to it, and a program to push.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wasm_vfs::{Packer, Program, TreeBuilder};
use wasm_vfs_tests::tools;

/// Who may use a registry that asks.
pub(crate) const USER: &str = "user";
pub(crate) const PASSWORD: &str = "secret";
/// The same in base 64, as docker's configuration has it.
pub(crate) const AUTH: &str = "dXNlcjpzZWNyZXQ=";
/// The same as a line of `htpasswd -B`.
const HTPASSWD: &str = "user:$2b$05$cKrEnXrQQwcUNL0daX3cKuPPgu7KOHoUaF.5jfQPzrI8YslgkD6sq";

/// A program that does nothing.
pub(crate) const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")))"#;

/// How long a registry may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a registry asks who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Open,
    Password,
}

/// A registry that runs on a port of this machine, with a directory of its own.
pub(crate) struct RegistryServer {
    process: Child,
    pub(crate) host: String,
    _directory: tempfile::TempDir,
}

impl RegistryServer {
    /// Starts one; `None` if there is none on this machine.
    pub(crate) fn start(access: Access) -> Option<Self> {
        let mut command = tools::debian("docker-registry")?;
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name).display().to_string();
        // Whoever takes the port in between makes the registry fail, and the test with it.
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
        let mut config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\n\
             http: {{addr: '{host}', secret: x}}\n",
            file("storage")
        );
        if access == Access::Password {
            fs::write(file("htpasswd"), HTPASSWD).unwrap();
            config +=
                &format!("auth: {{htpasswd: {{realm: tests, path: {}}}}}\n", file("htpasswd"));
        }
        fs::write(file("config.yml"), config).unwrap();
        let log = fs::File::create(file("log")).unwrap();
        command.args(["serve", &file("config.yml")]).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut process = command.spawn().unwrap();
        let started = Instant::now();
        while TcpStream::connect(&host).is_err() {
            let ended = process.try_wait().unwrap();
            let log = fs::read_to_string(file("log")).unwrap();
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "no registry: {ended:?} {log}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { process, host, _directory: directory })
    }

    /// Asks for something without credentials, and returns the whole answer.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let host = &self.host;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for RegistryServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `skopeo copy`, with these arguments.
pub(crate) fn skopeo_copy(arguments: &[&str]) -> Option<()> {
    let mut skopeo = tools::debian("skopeo")?;
    // There is no policy of signatures on a machine that never installed it.
    skopeo.args(["--insecure-policy", "copy", "--quiet"]).args(arguments);
    done(&mut skopeo);
    Some(())
}

/// Runs a command, which succeeds.
#[track_caller]
pub(crate) fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Packs a program with a file of so many bytes; returns its path.
pub(crate) fn packed(directory: &Path, bytes: usize) -> PathBuf {
    let program = wat::parse_str(PROGRAM);
    let contents: Vec<u8> = (0..=250).flat_map(|byte| [byte; 7]).cycle().take(bytes).collect();
    let tree = TreeBuilder::new().file("/data", contents);
    let path = directory.join("app.wasm");
    let packed = Packer::new(tree).pack(Program::bytes("app", program.unwrap())).unwrap();
    packed.write(&path).unwrap();
    path
}
