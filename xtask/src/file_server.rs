//! A small static file server on the loopback interface, which `cargo xtask web --serve` starts,
//! and the page's test in `tests/web/`.
//!
//! It serves the files of one directory to GET and HEAD, with the types that a page needs. It has
//! nothing that a page does not need: no ranges, no compression, no listing of directories.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The longest request that is read: its line and its headers.
const MAX_REQUEST_BYTES: u64 = 16 * 1024;
/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// The file that a directory's address shows.
const INDEX: &str = "index.html";

/// File name extensions, and the types that the server reports for them.
const TYPES: [(&str, &str); 7] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("txt", "text/plain; charset=utf-8"),
    ("wasm", "application/wasm"),
];

/// A server that listens on its port.
#[derive(Debug)]
pub struct FileServer {
    listener: TcpListener,
    root: Arc<Path>,
}

impl FileServer {
    /// Listens on a port of the loopback interface. Port 0 stands for any free one.
    ///
    /// # Errors
    ///
    /// When the port is taken.
    pub fn bind(root: &Path, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        Ok(Self { listener, root: root.into() })
    }

    /// Returns the address that it listens on.
    ///
    /// # Errors
    ///
    /// When the system does not report it.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until accepting a connection fails.
    ///
    /// # Errors
    ///
    /// When accepting a connection fails.
    pub fn serve(&self) -> io::Result<()> {
        loop {
            let (stream, _) = self.listener.accept()?;
            let root = Arc::clone(&self.root);
            // A client that goes away, or talks nonsense, is its own affair.
            std::thread::spawn(move || drop(answer(stream, &root)));
        }
    }
}

/// Reads one request and answers it.
fn answer(mut stream: TcpStream, root: &Path) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = BufReader::new(stream.try_clone()?).take(MAX_REQUEST_BYTES);
    let mut line = String::new();
    request.read_line(&mut line)?;
    let mut header = String::new();
    while request.read_line(&mut header)? > 0 && !header.trim_end().is_empty() {
        header.clear();
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method != "GET" && method != "HEAD" {
        return refuse(&mut stream, "405 Method Not Allowed");
    }
    let Some(path) = path_of(target) else { return refuse(&mut stream, "400 Bad Request") };
    let mut path = root.join(path);
    if path.is_dir() {
        path.push(INDEX);
    }
    let Ok(mut file) = File::open(&path) else { return refuse(&mut stream, "404 Not Found") };
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let known = TYPES.iter().find(|(known, _)| *known == extension);
    let kind = known.map_or("application/octet-stream", |(_, kind)| kind);
    let len = file.metadata()?.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len}\r\n\
         Cache-Control: no-cache\r\nConnection: close\r\n\r\n"
    )?;
    if method == "GET" {
        io::copy(&mut file, &mut stream)?;
    }
    Ok(())
}

fn refuse(stream: &mut TcpStream, status: &str) -> io::Result<()> {
    let len = status.len() + 1;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{status}\n"
    )
}

/// Returns the file that a request's target names, relative to the root; `None` if it may not be
/// served.
fn path_of(target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = percent_decoded(path)?;
    let is_inside = |name: &str| name != ".." && !name.contains(['\\', '\0', ':']);
    path.split('/').all(is_inside).then(|| path.trim_start_matches('/').into())
}

/// Decodes `%20` and the like (RFC 3986, section 2.1).
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// Serves the sources of this package, and returns the answer to a request.
    fn ask(request: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let server = FileServer::bind(root, 0).unwrap();
        let mut stream = TcpStream::connect(server.address().unwrap()).unwrap();
        std::thread::spawn(move || server.serve());
        stream.write_all(request.as_bytes()).unwrap();
        let mut got = String::new();
        stream.read_to_string(&mut got).unwrap();
        got
    }

    #[test]
    fn a_file_is_served_with_its_type_and_length() {
        let got = ask("GET /Cargo.toml?x=1 HTTP/1.1\r\nHost: here\r\n\r\n");
        let file = include_str!("../Cargo.toml");
        assert!(got.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"));
        assert!(got.contains(&format!("Content-Length: {}\r\n", file.len())));
        assert!(got.ends_with(&format!("\r\n\r\n{file}")));
    }

    #[test]
    fn head_has_no_body() {
        let got = ask("HEAD /%43argo.toml HTTP/1.1\r\n\r\n");
        assert!(got.starts_with("HTTP/1.1 200 ") && got.ends_with("\r\n\r\n"), "{got}");
    }

    #[test]
    fn nothing_outside_is_served() {
        let rows = [
            ("/../Cargo.toml", "400"),
            ("/src/%2e%2e/%2E%2E/Cargo.toml", "400"),
            ("//etc/hostname", "404"),
            ("/%2fetc/hostname", "404"),
            ("/src%5c..", "400"),
            ("/%zz", "400"),
            ("/nothing", "404"),
            ("/src", "404"), // a directory without an index
            ("nothing", "400"),
        ];
        for (target, status) in rows {
            let got = ask(&format!("GET {target} HTTP/1.1\r\n\r\n"));
            assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {got}");
        }
        assert!(ask("PUT /Cargo.toml HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    }
}
