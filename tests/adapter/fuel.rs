//! What each operation of `cargo xtask bench calls` costs in wasmtime's fuel, held against a table.
//!
//! Time on a busy machine differs by a tenth from run to run; fuel does not differ at all. Wasmtime
//! charges one unit for each instruction, and one for each byte that a bulk instruction moves or
//! fills. So the table catches a longer path through the filesystem's code, and bytes that move
//! twice; it knows nothing of caches.
//!
//! The program is a puppet: it exports what it imports of preview1. So the host puts each call's
//! arguments into memory for nothing, and a row is the calls that wasi-libc makes for that
//! operation, and nothing else.
//!
//! A row may cost [`TOLERANCE`] more or less than the table says. `BLESS=1` writes the table anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use wasm_vfs::{Form, Packer, Program, TreeBuilder};
use wasmtime::{Caller, Config, Engine, Extern, Instance, Linker, Memory, Module, OptLevel, Store};

use super::rig::{BUFFER, CORE, IOVECS, OUT, PATH, READ, SECOND_PATH, WITH_MOUNTS, WRITE};

/// By how much of the table's figure a row may differ.
const TOLERANCE: f64 = 0.03;

/// How often each operation is repeated: the table has the mean, so that what happens at every page
/// counts for its share.
const TURNS: u64 = 128;

/// More than all operations together take.
const TANK: u64 = 1 << 40;

/// The functions that the operations need, with their parameters: `i` has 32 bits, `I` 64.
const FUNCTIONS: &[(&str, &str)] = &[
    ("fd_close", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "iI"),
    ("fd_pread", "iiiIi"),
    ("fd_pwrite", "iiiIi"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiiIi"),
    ("fd_seek", "iIii"),
    ("fd_write", "iiii"),
    ("path_filestat_get", "iiiii"),
    ("path_open", "iiiiiIIii"),
    ("path_rename", "iiiiii"),
    ("path_unlink_file", "iii"),
];

const CREAT: u64 = 1;
const EXCL: u64 = 4;
const TRUNC: u64 = 8;
const APPEND: u64 = 1;

/// The puppet: functions of preview1, exported by their names.
fn program() -> Vec<u8> {
    let (mut imports, mut exports) = (String::new(), String::new());
    for (name, params) in FUNCTIONS {
        let types: String =
            params.chars().map(|c| if c == 'i' { "i32 " } else { "i64 " }).collect();
        let gets: String = (0..params.len()).map(|n| format!("(local.get {n})")).collect();
        imports += &format!(
            r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {types}) (result i32)))"#
        );
        exports += &format!(
            r#"(func (export "{name}") (param {types}) (result i32) (call ${name} {gets}))"#
        );
    }
    wat::parse_str(format!(r#"(module {imports} (memory (export "memory") 4) {exports})"#)).unwrap()
}

fn tree() -> TreeBuilder {
    let mut tree = TreeBuilder::new()
        .file("/one/file", vec![7; 4096])
        .file("/deep/deep/deep/deep/deep/deep/deep/file", vec![7; 4096])
        .file("/data", vec![7; 1 << 20]);
    for number in 0..1000 {
        tree = tree.file(format!("/thousand/file-{number}"), vec![7]);
    }
    tree
}

struct Meter {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
}

impl Meter {
    fn new(form: Form) -> Meter {
        let packer = Packer::new(tree()).form(form).adapter_core(CORE);
        let packed = packer
            .pack(Program::bytes("program", program()))
            .and_then(|packed| packed.to_vec())
            .unwrap();
        let mut config = Config::new();
        config.consume_fuel(true).cranelift_opt_level(OptLevel::None);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, packed).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_fuel(TANK).unwrap();
        let mut linker = Linker::new(&engine);
        linker
            .func_wrap(
                "wasi_snapshot_preview1",
                "clock_time_get",
                |mut caller: Caller<'_, ()>, _: i32, _: i64, time: i32| {
                    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
                        panic!("no memory")
                    };
                    let now = 1_700_000_000_123_456_789u64.to_le_bytes();
                    memory.write(&mut caller, time as u32 as usize, &now).unwrap();
                    0
                },
            )
            .unwrap();
        linker.define_unknown_imports_as_traps(&module).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        Meter { store, instance, memory }
    }

    fn call(&mut self, name: &str, args: &[u64]) {
        use wasmtime::Val;
        let (_, params) = FUNCTIONS.iter().find(|(function, _)| *function == name).unwrap();
        assert_eq!(params.len(), args.len(), "{name}");
        let args: Vec<Val> = params
            .chars()
            .zip(args)
            .map(|(ty, &arg)| if ty == 'i' { Val::I32(arg as i32) } else { Val::I64(arg as i64) })
            .collect();
        let mut results = [Val::I32(0)];
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        function.call(&mut self.store, &args, &mut results).unwrap();
        assert_eq!(results[0].unwrap_i32(), 0, "{name}{args:?}");
    }

    fn put(&mut self, addr: u32, bytes: &[u8]) {
        self.memory.write(&mut self.store, addr as usize, bytes).unwrap();
    }

    fn out(&self) -> u32 {
        let bytes = &self.memory.data(&self.store)[OUT as usize..][..4];
        u32::from_le_bytes(bytes.try_into().unwrap())
    }

    fn path(&mut self, addr: u32, path: &str) -> [u64; 2] {
        self.put(addr, path.as_bytes());
        [u64::from(addr), path.len() as u64]
    }

    fn stat(&mut self, path: &str) {
        let [addr, len] = self.path(PATH, path);
        self.call("path_filestat_get", &[3, 1, addr, len, u64::from(OUT)]);
    }

    fn open(&mut self, path: &str, oflags: u64, rights: u64, fdflags: u64) -> u64 {
        let [addr, len] = self.path(PATH, path);
        let out = u64::from(OUT);
        // All rights that have nothing to do with reading and writing, as wasi-libc asks for them.
        let others = 0xff7_ffff & !(1 << 1 | 1 << 6);
        let all = [3, 1, addr, len, oflags, rights | others, others, fdflags, out];
        self.call("path_open", &all);
        u64::from(self.out())
    }

    fn close(&mut self, fd: u64) {
        self.call("fd_close", &[fd]);
    }

    /// A vector of one piece, of `len` bytes.
    fn iovec(&mut self, len: u32) -> [u64; 2] {
        self.put(IOVECS, &[BUFFER.to_le_bytes(), len.to_le_bytes()].concat());
        [u64::from(IOVECS), 1]
    }

    fn read(&mut self, fd: u64, len: u32) {
        let [iovs, count] = self.iovec(len);
        self.call("fd_read", &[fd, iovs, count, u64::from(OUT)]);
        assert_eq!(self.out(), len);
    }

    fn pread(&mut self, fd: u64, len: u32, offset: u64) {
        let [iovs, count] = self.iovec(len);
        self.call("fd_pread", &[fd, iovs, count, offset, u64::from(OUT)]);
        assert_eq!(self.out(), len);
    }

    fn write(&mut self, fd: u64, len: u32) {
        let [iovs, count] = self.iovec(len);
        self.call("fd_write", &[fd, iovs, count, u64::from(OUT)]);
        assert_eq!(self.out(), len);
    }

    fn pwrite(&mut self, fd: u64, len: u32, offset: u64) {
        let [iovs, count] = self.iovec(len);
        self.call("fd_pwrite", &[fd, iovs, count, offset, u64::from(OUT)]);
        assert_eq!(self.out(), len);
    }

    fn seek(&mut self, fd: u64, offset: u64) {
        self.call("fd_seek", &[fd, offset, 0, u64::from(OUT)]);
    }

    fn unlink(&mut self, path: &str) {
        let [addr, len] = self.path(PATH, path);
        self.call("path_unlink_file", &[3, addr, len]);
    }

    fn rename(&mut self, old: &str, new: &str) {
        let [old, old_len] = self.path(PATH, old);
        let [new, new_len] = self.path(SECOND_PATH, new);
        self.call("path_rename", &[3, old, old_len, 3, new, new_len]);
    }

    /// Lists a directory as wasi-libc does, 4 KiB at a time.
    fn list(&mut self, path: &str) {
        const ROOM: u32 = 4096;
        let fd = self.open(path, 0, READ | 1 << 14, 0);
        let mut cookie = 0;
        loop {
            let (buffer, out) = (u64::from(BUFFER), u64::from(OUT));
            self.call("fd_readdir", &[fd, buffer, u64::from(ROOM), cookie, out]);
            let used = self.out();
            if used < ROOM {
                break;
            }
            let mut listed = &self.memory.data(&self.store)[BUFFER as usize..][..used as usize];
            while let Some((header, tail)) = listed.split_first_chunk::<24>() {
                let len = u32::from_le_bytes(header[16..20].try_into().unwrap()) as usize;
                let Some((_, tail)) = tail.split_at_checked(len) else { break };
                cookie = u64::from_le_bytes(header[..8].try_into().unwrap());
                listed = tail;
            }
        }
        self.close(fd);
    }

    /// The mean of what `operation` takes.
    fn measure(&mut self, operation: impl FnMut(&mut Meter, u64)) -> u64 {
        self.mean(TURNS, operation)
    }

    /// The mean of `turns` turns. The operation runs once before, so that what only the first one
    /// does is not counted.
    fn mean(&mut self, turns: u64, mut operation: impl FnMut(&mut Meter, u64)) -> u64 {
        operation(self, 0);
        let before = self.store.get_fuel().unwrap();
        for turn in 0..turns {
            operation(self, turn);
        }
        (before - self.store.get_fuel().unwrap()).div_ceil(turns)
    }
}

/// An offset in the first 256 KiB of `/data` that jumps about.
fn somewhere(turn: u64) -> u64 {
    u64::from((turn as u32).wrapping_mul(0x9e37_79b9) >> 14 & !63)
}

/// What each operation takes, by its name.
fn measured(form: Form) -> BTreeMap<&'static str, u64> {
    let mut meter = Meter::new(form);
    let mut rows = BTreeMap::new();
    let one = "one/file";
    rows.insert("stat in a directory of 1", meter.measure(|it, _| it.stat(one)));
    rows.insert(
        "stat in a directory of 1,000",
        meter.measure(|it, _| it.stat("thousand/file-500")),
    );
    rows.insert(
        "stat, eight directories deep",
        meter.measure(|it, _| it.stat("deep/deep/deep/deep/deep/deep/deep/file")),
    );
    rows.insert(
        "open+close",
        meter.measure(|it, _| {
            let fd = it.open(one, 0, READ, 0);
            it.close(fd);
        }),
    );
    rows.insert(
        "open+read 4 KiB+close",
        meter.measure(|it, _| {
            let fd = it.open(one, 0, READ, 0);
            it.read(fd, 4096);
            it.close(fd);
        }),
    );
    let data = meter.open("data", 0, READ, 0);
    let out = u64::from(OUT);
    rows.insert("fstat", meter.measure(|it, _| it.call("fd_filestat_get", &[data, out])));
    rows.insert("fdstat", meter.measure(|it, _| it.call("fd_fdstat_get", &[data, out])));
    rows.insert(
        "lseek+read 64 B",
        meter.measure(|it, turn| {
            it.seek(data, somewhere(turn));
            it.read(data, 64);
        }),
    );
    rows.insert("pread 64 B", meter.measure(|it, turn| it.pread(data, 64, somewhere(turn))));
    // Not beyond the end: both begin again.
    rows.insert(
        "sequential read, 4 KiB",
        meter.measure(|it, turn| {
            if turn % 128 == 0 {
                it.seek(data, 0);
            }
            it.read(data, 4096);
        }),
    );
    rows.insert(
        "sequential read, 64 KiB",
        meter.measure(|it, turn| {
            if turn % 16 == 0 {
                it.seek(data, 0);
            }
            it.read(data, 65_536);
        }),
    );
    rows.insert(
        "create+write 4 KiB+close+unlink",
        meter.measure(|it, _| {
            let fd = it.open("tmp/new", CREAT | EXCL, WRITE, 0);
            it.write(fd, 4096);
            it.close(fd);
            it.unlink("tmp/new");
        }),
    );
    let log = meter.open("tmp/log", CREAT | TRUNC, WRITE, APPEND);
    rows.insert("append 64 B", meter.measure(|it, _| it.write(log, 64)));
    rows.insert("append 4 KiB", meter.measure(|it, _| it.write(log, 4096)));
    let over = meter.open("tmp/log", 0, READ | WRITE, 0);
    rows.insert("overwrite 64 B", meter.measure(|it, _| it.pwrite(over, 64, 128)));
    rows.insert("overwrite 4 KiB", meter.measure(|it, _| it.pwrite(over, 4096, 4096)));
    rows.insert("read 64 B of what was written", meter.measure(|it, _| it.pread(over, 64, 128)));
    rows.insert("cut", meter.measure(|it, _| it.call("fd_filestat_set_size", &[over, 65_536])));
    let file = meter.open("tmp/a", CREAT, WRITE, 0);
    meter.close(file);
    rows.insert(
        "rename",
        meter.measure(|it, _| {
            it.rename("tmp/a", "tmp/b");
            it.rename("tmp/b", "tmp/a");
        }),
    );
    rows.insert("readdir of 1,000", meter.mean(4, |it, _| it.list("thousand")));
    rows
}

/// The table that is checked in.
fn table_path() -> PathBuf {
    let name = if WITH_MOUNTS { "fuel-mounts.txt" } else { "fuel.txt" };
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("adapter").join(name)
}

const HEAD: &str = "# wasmtime's fuel for each operation: portable, isolated. `BLESS=1 cargo test -p wasm-vfs-tests --test adapter --test adapter_mounts fuel`\n";

#[test]
fn no_operation_takes_more_than_the_table_says() {
    let portable = measured(Form::Portable);
    let isolated = measured(Form::Isolated);
    let path = table_path();
    if std::env::var_os("BLESS").is_some() {
        let mut text = HEAD.to_owned();
        for (row, fuel) in &portable {
            writeln!(text, "{row:<32}{fuel:>8}{:>8}", isolated[row]).unwrap();
        }
        std::fs::write(path, text).unwrap();
        return;
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let mut table = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, figures) = words.split_at(words.len() - 2);
        let figures: Vec<u64> = figures.iter().map(|figure| figure.parse().unwrap()).collect();
        table.insert(name.join(" "), [figures[0], figures[1]]);
    }
    let mut wrong = String::new();
    for (row, fuel) in &portable {
        let Some(old) = table.remove(*row) else {
            writeln!(wrong, "{row}: not in the table").unwrap();
            continue;
        };
        for (form, old, new) in [("portable", old[0], *fuel), ("isolated", old[1], isolated[row])] {
            let change = new as f64 / old as f64 - 1.0;
            if std::env::var_os("FUEL").is_some() {
                println!("{row}, {form}: {old} -> {new} ({:+.1} %)", change * 100.0);
            }
            if change.abs() > TOLERANCE {
                writeln!(wrong, "{row}, {form}: {old} -> {new} ({:+.1} %)", change * 100.0)
                    .unwrap();
            }
        }
    }
    for row in table.keys() {
        writeln!(wrong, "{row}: in the table, and not measured").unwrap();
    }
    assert!(wrong.is_empty(), "{}:\n{wrong}BLESS=1 accepts what is measured now", path.display());
}
