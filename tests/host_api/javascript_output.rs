//! What a program writes under Node, Bun and Deno: into pipes that are full, that nobody reads any more, and into functions
//! that throw.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasm_vfs_tests::engines::node::Node;
use wasm_vfs_tests::npm_package;

use super::javascript_link::Runtime;

const SCRIPT: &str = include_str!("javascript_output.mjs");
const PROGRAM: &str = include_str!("javascript_output.wat");

/// Where the reader of a pipe that is not read at once begins: the pipe is full by then.
const FULL_AFTER: Duration = Duration::from_millis(300);

/// The script and the packed program, where the package is installed.
struct Case {
    directory: TempDir,
    runtime: Runtime,
}

impl Case {
    /// One for each runtime that is there. The program has one memory: the machine's own Node takes it too.
    fn all() -> Vec<Case> {
        let own = Node::find().map(|node| Runtime::node(node.command().to_owned()));
        let runtimes = own.into_iter().chain(Runtime::all());
        runtimes.map(|runtime| Case { directory: installed(), runtime }).collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.runtime.command(&self.script());
        command.arg(self.directory.path().join("packed.wasm")).args(arguments);
        command
    }

    fn script(&self) -> PathBuf {
        self.directory.path().join("script.mjs")
    }

    /// Starts it with pipes for output.
    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// A directory with the script and the program.
fn installed() -> TempDir {
    let directory = npm_package::directory().unwrap();
    let empty = tempfile::tempdir().unwrap();
    let packed = Packer::new(TreeBuilder::new().dir(empty.path(), "/"))
        .form(Form::Portable)
        .pack(Program::bytes("program", wat::parse_str(PROGRAM).unwrap()))
        .and_then(|packed| packed.to_vec())
        .unwrap();
    fs::write(directory.path().join("packed.wasm"), packed).unwrap();
    fs::write(directory.path().join("script.mjs"), SCRIPT).unwrap();
    directory
}

/// The program's errno and the process's megabytes, as the script reports them.
fn report(child: Child) -> (u32, u64) {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    let number = |name: &str| {
        let (_, rest) =
            text.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{text}"));
        rest.split([',', '}']).next().unwrap().parse::<u64>().unwrap()
    };
    (number("errno") as u32, number("megabytes"))
}

#[test]
fn all_of_it_goes_into_a_pipe_that_is_read_late() {
    for case in Case::all() {
        // A vector's pieces are smaller than what a pipe takes at once, and larger.
        for (how, length, rounds) in [
            ("default", 1000, 300),
            ("default", 200_000, 5),
            ("given", 1000, 300),
            ("given", 200_000, 5),
        ] {
            let mut child = case.start(&[how, &length.to_string(), &rounds.to_string()]);
            std::thread::sleep(FULL_AFTER);
            let mut written = Vec::new();
            child.stdout.take().unwrap().read_to_end(&mut written).unwrap();
            let what = format!("{how}, {length} bytes: {:?}", case.runtime);
            assert_eq!(report(child).0, 0, "{what}");
            let expected: Vec<u8> = (0..length * rounds / 4).flat_map(u32::to_le_bytes).collect();
            assert!(written == expected, "{what}: {} of {} bytes", written.len(), expected.len());
        }
    }
}

/// The program learns it from its next write, and nothing is kept in memory meanwhile.
#[test]
fn a_program_learns_that_the_reader_has_gone() {
    const EPIPE: u32 = 64;
    for case in Case::all() {
        for how in ["default", "given"] {
            // Two gigabytes, if nothing ends it.
            let mut child = case.start(&[how, "200000", "10000"]);
            let mut line = [0; 1000];
            child.stdout.take().unwrap().read_exact(&mut line).unwrap();
            let (errno, megabytes) = report(child);
            let what = format!("{how}: {:?}", case.runtime);
            assert_eq!(errno, EPIPE, "{what}");
            assert!(megabytes < 300, "{what}: {megabytes} MB");
        }
    }
}

/// It cannot be written to at all.
#[cfg(target_os = "linux")]
#[test]
fn a_program_learns_that_there_is_no_room() {
    const ENOSPC: u32 = 51;
    for case in Case::all() {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = case.command(&["default", "1000", "1"]);
        let child = command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped()).spawn();
        assert_eq!(report(child.unwrap()).0, ENOSPC, "{:?}", case.runtime);
    }
}

/// The streams of a thread of Node's belong to the thread that started it, which may want them.
#[test]
fn a_thread_of_nodes_writes_through_its_stream() {
    let Some(node) = Node::find() else { return };
    let case = Case { directory: installed(), runtime: Runtime::node(node.command().to_owned()) };
    let mut child = case.start(&["worker", "1000", "1"]);
    let mut written = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut written).unwrap();
    assert_eq!((report(child).0, written.len()), (0, 1000));
}

#[test]
fn what_a_given_function_throws() {
    for case in Case::all() {
        let output = case.command(&["errors"]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.stdout, b"all of it holds\n", "{:?}\n{stderr}", case.runtime);
    }
}
