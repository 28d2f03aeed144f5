//! A packed program whose exports are Linux's calls: what a test has it do to its tree.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_calls::{CALLS, WASM_VFS, Wasm};
use wasmtime::Val;

use crate::Running;

/// Where arguments are put in the program's memory.
const SCRATCH: usize = 0x1_0000;

/// The program: written from the table of calls.
static PROGRAM: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (mut imports, mut exports) = (String::new(), String::new());
    for call in CALLS {
        let name = call.name;
        let args = call.args.iter();
        let types: String =
            args.map(|arg| if arg.kind.wasm() == Wasm::I32 { " i32" } else { " i64" }).collect();
        let gets: String = (0..call.args.len()).map(|n| format!("(local.get {n})")).collect();
        writeln!(
            imports,
            r#"(import "{WASM_VFS}" "{name}" (func ${name} (param{types}) (result i64)))"#
        )
        .unwrap();
        writeln!(
            exports,
            r#"(func (export "{name}") (param{types}) (result i64) (call ${name} {gets}))"#
        )
        .unwrap();
    }
    wat::parse_str(format!("(module {imports} (memory (export \"memory\") 8) {exports})")).unwrap()
});

/// Packs the program with a directory.
pub(crate) fn pack(directory: &Path, form: Form, policy: &str) -> Vec<u8> {
    Packer::new(TreeBuilder::new().dir(directory, "/"))
        .form(form)
        .policy(Policy::from_toml(policy).unwrap())
        .pack(Program::bytes("calls", &PROGRAM[..]))
        .and_then(|packed| packed.to_vec())
        .unwrap_or_else(|error| panic!("{error:#}"))
}

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arg<'a> {
    Number(i64),
    /// Bytes in the program's memory; a NUL follows them.
    Bytes(&'a [u8]),
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Arg::Number(number)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Arg::Bytes(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Arg::Bytes(bytes)
    }
}

/// Makes a call; its answer.
pub(crate) fn call(running: &mut Running, name: &str, args: &[Arg<'_>]) -> i64 {
    let function = running.instance.get_func(&mut running.store, name).unwrap();
    let memory = running.instance.get_memory(&mut running.store, "memory").unwrap();
    let types: Vec<_> = function.ty(&running.store).params().collect();
    assert_eq!(types.len(), args.len(), "{name}");
    let mut at = SCRATCH;
    let mut values = Vec::new();
    for (ty, arg) in types.iter().zip(args) {
        let number = match arg {
            Arg::Number(number) => *number,
            Arg::Bytes(bytes) => {
                memory.write(&mut running.store, at, bytes).unwrap();
                memory.write(&mut running.store, at + bytes.len(), b"\0").unwrap();
                let address = at;
                at = (at + bytes.len() + 1).next_multiple_of(8);
                address as i64
            }
        };
        values.push(if ty.is_i32() { Val::I32(number as i32) } else { Val::I64(number) });
    }
    let mut results = [Val::I64(0)];
    function.call(&mut running.store, &values, &mut results).unwrap();
    results[0].unwrap_i64()
}

/// Makes a call that must succeed.
macro_rules! linux {
    ($running:expr, $name:ident $(, $arg:expr)*) => {{
        let answer = $crate::linux::call($running, stringify!($name), &[$($arg.into()),*]);
        assert!(answer >= 0, "{} answered {answer}", stringify!($name));
        answer
    }};
}
pub(crate) use linux;

/// The attribute of a file; `None`: it has none of that name.
pub(crate) fn xattr(running: &mut Running, path: &str, name: &str) -> Option<Vec<u8>> {
    const ENODATA: i64 = -61;
    let room = vec![0; 70_000];
    let answer = call(
        running,
        "lgetxattr",
        &[path.into(), name.into(), room[..].into(), (room.len() as i64).into()],
    );
    if answer == ENODATA {
        return None;
    }
    let len = usize::try_from(answer).unwrap();
    let memory = running.instance.get_memory(&mut running.store, "memory").unwrap();
    let mut at = SCRATCH;
    for text in [path, name] {
        at = (at + text.len() + 1).next_multiple_of(8);
    }
    Some(memory.data(&running.store)[at..at + len].to_vec())
}
