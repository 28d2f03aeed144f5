//! Chromium as an engine of the matrix: one browser for a whole test process. Its page asks a
//! server of ours for one program after the other, runs each in a worker of its own, and posts what
//! came of it. The host's side of preview1 is our JavaScript package or npm's
//! `@bjorn3/browser_wasi_shim`.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use super::chromium::Chromium;
use crate::engine::{Engine, Invocation, Outcome};
use crate::{npm_package, tools};

/// Which functions of preview1 the program gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// Our JavaScript package.
    Ours,
    /// `@bjorn3/browser_wasi_shim`.
    Shim,
    /// None: it is hermetic.
    Nothing,
}

/// Chromium with a host for preview1.
#[derive(Debug)]
pub struct Browser {
    name: &'static str,
    host: Host,
}

/// Where npm's shim is.
const SHIM: &str = "npm/bjorn3-browser_wasi_shim";

impl Browser {
    /// With our own package; if there is no Chromium, or no npm, it is noted as left out.
    pub fn with_our_package() -> Option<Self> {
        Chromium::find()?;
        npm_package::project()?;
        Some(Self { name: "chromium", host: Host::Ours })
    }

    /// With npm's shim; if that or Chromium is not there it is noted as left out.
    pub fn with_a_shim() -> Option<Self> {
        tools::installed(SHIM)?;
        Chromium::find()?;
        Some(Self { name: "chromium with a shim", host: Host::Shim })
    }
}

impl Engine for Browser {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
        ensure!(invocation.host_root.is_none(), "a browser has no directories of the host");
        ensure!(invocation.collect.is_empty(), "only wasmtime collects files");
        submit(self.host, wasm, invocation)
    }

    fn run_hermetic(&self, wasm: &Path) -> Result<Outcome> {
        submit(Host::Nothing, wasm, &Invocation::default())
    }
}

/// How long a program may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// How many programs the page runs at once.
const WORKERS: &str = "2";

/// What came of a program, as the page posts it.
type Answer = Vec<u8>;

/// A program that is to run.
struct Job {
    number: u64,
    wasm: PathBuf,
    /// What the page is told: lines, see `browser/page.html`.
    text: String,
}

/// What the server's threads share.
#[derive(Default)]
struct Shared {
    waiting: Mutex<Queue>,
    arrived: Condvar,
}

#[derive(Default)]
struct Queue {
    number: u64,
    jobs: VecDeque<Job>,
    programs: HashMap<u64, PathBuf>,
    answers: HashMap<u64, Sender<Answer>>,
}

impl Shared {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The browser and its server, started by the first program.
struct Session {
    shared: Arc<Shared>,
    /// Ends with this process: see [`start_chromium`].
    _browser: Child,
}

static SESSION: LazyLock<Result<Session>> = LazyLock::new(|| {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let shared = Arc::new(Shared::default());
    let server = Arc::clone(&shared);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = Arc::clone(&server);
            std::thread::spawn(move || {
                // A browser may go away at any time; a program whose answer does not come is told
                // of by its own test.
                let _ = serve(&shared, stream);
            });
        }
    });
    Ok(Session { shared, _browser: start_chromium(port)? })
});

/// Starts the browser under a shell that ends it, and removes its profile, when this process has
/// ended and its end of the pipe is closed. The browser's own children end a little later than it
/// does.
fn start_chromium(port: u16) -> Result<Child> {
    const SHELL: &str = "profile=$(mktemp -d)\n\
        chromium \"--user-data-dir=$profile\" \"$@\" </dev/null >/dev/null 2>&1 &\n\
        read -r _\nkill $!\nwait $!\nsleep 1\nrm -rf \"$profile\"";
    Command::new("sh")
        .args(["-c", SHELL, "sh"])
        // Without a sandbox of its own, which the superuser cannot have; it loads nothing but our
        // page.
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("http://127.0.0.1:{port}/?workers={WORKERS}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start a shell for chromium")
}

/// Has the page run a program.
fn submit(host: Host, wasm: &Path, invocation: &Invocation) -> Result<Outcome> {
    let session = SESSION.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let (sender, answer) = mpsc::channel();
    let environment: Vec<String> =
        invocation.env.iter().map(|(key, value)| format!("{key}={value}")).collect();
    {
        let mut queue = session.shared.queue();
        queue.number += 1;
        let number = queue.number;
        let text = [
            number.to_string(),
            format!("{host:?}"),
            invocation.args.iter().map(|arg| hex(arg.as_bytes())).collect::<Vec<_>>().join(","),
            environment.iter().map(|line| hex(line.as_bytes())).collect::<Vec<_>>().join(","),
            hex(&invocation.stdin),
        ];
        queue.answers.insert(number, sender);
        queue.jobs.push_back(Job { number, wasm: wasm.to_owned(), text: text.join("\n") });
    }
    session.shared.arrived.notify_one();
    let answer = answer.recv_timeout(PATIENCE).context("the browser has not answered")?;
    outcome(&answer)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads an answer: how it ended, its status and the length of its standard output as words of 32
/// bits, and then both streams.
fn outcome(answer: &[u8]) -> Result<Outcome> {
    const EXITED: u32 = 0;
    const TRAPPED: u32 = 1;
    let word = |index: usize| {
        let bytes = answer.get(4 * index..4 * index + 4).context("the answer is too short")?;
        Ok::<_, anyhow::Error>(u32::from_le_bytes(bytes.try_into()?))
    };
    let streams = answer.get(12..).context("the answer is too short")?;
    let (stdout, stderr) =
        streams.split_at_checked(word(2)? as usize).context("the answer is too short")?;
    let status = match word(0)? {
        EXITED => Some(word(1)?.cast_signed()),
        TRAPPED => None,
        _ => return Err(anyhow!("{}", String::from_utf8_lossy(stderr))),
    };
    Ok(Outcome { status, stdout: stdout.to_vec(), stderr: stderr.to_vec(), files: Vec::new() })
}

/// Answers one request.
fn serve(shared: &Shared, stream: TcpStream) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut words = request.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut length = 0_usize;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = target.split('?').next().unwrap_or_default();
    let (kind, contents) = match (method, path.strip_prefix('/').unwrap_or_default()) {
        ("POST", answered) => {
            let number = answered.trim_start_matches("done/").parse()?;
            let mut queue = shared.queue();
            queue.programs.remove(&number);
            if let Some(sender) = queue.answers.remove(&number) {
                // Whoever asked may have lost patience.
                let _ = sender.send(body);
            }
            ("text/plain", Vec::new())
        }
        (_, "next") => ("text/plain", next(shared).into_bytes()),
        (_, path) => {
            let (kind, file) = file(shared, path);
            (kind, file.map(std::fs::read).transpose()?.unwrap_or_default())
        }
    };
    let mut stream = reader.into_inner();
    // Isolated from other origins, so that a worker may wait by the clock.
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Embedder-Policy: require-corp\r\n\
         Cache-Control: no-store\r\n\r\n",
        contents.len()
    )?;
    Ok(stream.write_all(&contents)?)
}

/// Waits for the next program.
fn next(shared: &Shared) -> String {
    let mut queue = shared.queue();
    loop {
        if let Some(job) = queue.jobs.pop_front() {
            queue.programs.insert(job.number, job.wasm);
            return job.text;
        }
        queue = shared.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// What is served under a path.
fn file(shared: &Shared, path: &str) -> (&'static str, Option<PathBuf>) {
    const SCRIPT: &str = "text/javascript";
    match path.split_once('/').unwrap_or((path, "")) {
        ("", "") => ("text/html", Some(tools::test_data("engines/browser/page.html"))),
        ("worker.mjs", "") => (SCRIPT, Some(tools::test_data("engines/browser/worker.mjs"))),
        (npm_package::NAME, name) => {
            (SCRIPT, npm_package::installed().map(|package| package.join(name)))
        }
        ("shim", name) => {
            (SCRIPT, Some(tools::target().join("tools").join(SHIM).join("dist").join(name)))
        }
        ("program", number) => {
            let number = number.parse().unwrap_or_default();
            ("application/wasm", shared.queue().programs.get(&number).cloned())
        }
        _ => ("text/plain", None),
    }
}
