//! A packed program whose exports are Linux's calls, as a [`World`]: what it imports, in both
//! spellings, it exports again, and its memory is the test's.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_calls::{CALLS, SYS, WALI, WASM_VFS, Wasm};
use wasm_vfs_core::Errno;
use wasm_vfs_test_posix::call::Call;
use wasm_vfs_test_posix::kernel::{Limits, MAPPED_BYTES, MAX_FDS};
use wasm_vfs_test_posix::outcome::{CLOCK_START, Cookies, Outcome, Value};
use wasm_vfs_test_posix::raw::{Raw, Word, ask, calls, look};
use wasm_vfs_test_posix::world::{Descriptors, Ids, Seen, World};
use wasm_vfs_tests::engines::wasmtime::compile_quickly;
use wasmtime::{Caller, Config, Engine, Func, Linker, Memory, Module, Store, Val};

/// Bytes in a page of a linear memory.
const WASM_PAGE_BYTES: u64 = 65_536;
/// Pages that the program starts with.
pub const PAGES: u32 = 4;
/// Pages that it may have: brk(2) asks for as many as there are.
const MAX_PAGES: u32 = 1024;
/// Where arguments are put: what is below stays as it is.
const SCRATCH: u32 = 0x1_0000;
/// What the engine counts down in a call: who does not end is stopped.
const PLENTY: u64 = 1 << 33;
/// Where a `struct timespec` of no time is: memory that stays zeros.
const NO_TIME: u32 = 64;
/// The descriptor of the root directory, beyond those that calls can give.
const ROOT_FD: i32 = MAX_FDS as i32 + 1;

/// The name by which a program imports a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `wasm_vfs.openat`.
    WasmVfs,
    /// `wali.SYS_openat`. Calls that have an older one of the same meaning are made by it.
    Wali,
}

/// Both.
pub const SPELLINGS: [Spelling; 2] = [Spelling::WasmVfs, Spelling::Wali];

impl Spelling {
    fn import(self, name: &str) -> (&'static str, String) {
        match self {
            Spelling::WasmVfs => (WASM_VFS, name.to_owned()),
            Spelling::Wali => (WALI, format!("{SYS}{name}")),
        }
    }
}

/// The program: written from the table.
fn program() -> Vec<u8> {
    let (mut imports, mut exports) = (String::new(), String::new());
    for spelling in SPELLINGS {
        for call in CALLS {
            let (module, name) = spelling.import(call.name);
            let types: String = call
                .args
                .iter()
                .map(|arg| if arg.kind.wasm() == Wasm::I32 { " i32" } else { " i64" })
                .collect();
            let gets: String = (0..call.args.len()).map(|n| format!("(local.get {n})")).collect();
            writeln!(
                imports,
                r#"(import "{module}" "{name}" (func ${module}.{name} (param{types}) (result i64)))"#
            )
            .unwrap();
            writeln!(
                exports,
                r#"(func (export "{module}.{name}") (param{types}) (result i64) (call ${module}.{name} {gets}))"#
            )
            .unwrap();
        }
    }
    wat::parse_str(format!(
        "(module {imports} (memory (export \"memory\") {PAGES} {MAX_PAGES}) {exports})"
    ))
    .unwrap()
}

/// Packed programs, compiled, each when it is first wanted.
static MODULES: Mutex<Vec<((Form, Limits), Module)>> = Mutex::new(Vec::new());

/// The program in a form with these limits.
fn module(form: Form, limits: Limits) -> Module {
    let mut modules = MODULES.lock().unwrap();
    if let Some((_, module)) = modules.iter().find(|(of, _)| *of == (form, limits)) {
        return module.clone();
    }
    let mut config = Config::new();
    // The code runs for milliseconds. Nothing is opened when a program starts: descriptors are
    // what is tested.
    compile_quickly(&mut config).memory_init_cow(false).consume_fuel(true);
    let packed = packed(&program(), form, limits);
    let module = Module::new(&Engine::new(&config).unwrap(), packed).unwrap();
    modules.push(((form, limits), module.clone()));
    module
}

fn packed(program: &[u8], form: Form, Limits { pages, inodes }: Limits) -> Vec<u8> {
    let mut policy = String::from("no-dev = true\nstdin = \"null\"\nmax-fds = 66\n");
    if pages != 0 {
        writeln!(policy, "max-bytes = {}", pages * 4096).unwrap();
    }
    if inodes != 0 {
        writeln!(policy, "max-inodes = {inodes}").unwrap();
    }
    Packer::new(TreeBuilder::new())
        .policy(Policy::from_toml(&policy).unwrap())
        .form(form)
        .pack(Program::bytes("calls", program))
        .and_then(|packed| packed.to_vec())
        .unwrap_or_else(|error| panic!("{error:#}"))
}

/// A program that runs.
pub struct Guest {
    pub store: Store<u64>,
    pub memory: Memory,
    functions: HashMap<&'static str, Func>,
    spelling: Spelling,
    /// The address that calls call 0, once there are mappings.
    mapped_from: i64,
    ids: Ids,
    cookies: Cookies,
}

impl Guest {
    /// Starts one.
    pub fn start(form: Form, limits: Limits, spelling: Spelling) -> Guest {
        let module = &module(form, limits);
        let mut store = Store::new(module.engine(), 0);
        let mut linker = Linker::new(module.engine());
        linker
            .func_wrap(
                "wasi_snapshot_preview1",
                "clock_time_get",
                |mut caller: Caller<'_, u64>, _: i32, _: i64, out: i32| -> wasmtime::Result<i32> {
                    // Whoever looks at it sees every change.
                    *caller.data_mut() += 1;
                    let seconds = CLOCK_START as u64 + *caller.data();
                    let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
                    let time = (seconds * 1_000_000_000).to_le_bytes();
                    memory.write(&mut caller, out as u32 as usize, &time)?;
                    Ok(0)
                },
            )
            .unwrap();
        store.set_fuel(PLENTY).unwrap();
        linker.define_unknown_imports_as_default_values(&mut store, module).unwrap();
        let instance = linker.instantiate(&mut store, module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let mut functions = HashMap::new();
        for call in CALLS {
            let (module, name) = spelling.import(call.name);
            let export = format!("{module}.{name}");
            functions.insert(call.name, instance.get_func(&mut store, &export).unwrap());
        }
        let (ids, cookies) = (Ids::default(), Cookies::default());
        let mut guest = Guest { store, memory, functions, spelling, mapped_from: 0, ids, cookies };
        guest.begin();
        guest
    }

    /// One with memory that mappings had once: there fixed ones can be.
    pub fn with_mappings(form: Form, limits: Limits, spelling: Spelling) -> Guest {
        let mut guest = Guest::start(form, limits, spelling);
        let number = |number: i32| Word::Number(number.into());
        let len = Word::Number(MAPPED_BYTES);
        let flags = number(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let args = [number(0), len.clone(), number(libc::PROT_READ), flags, number(-1), number(0)];
        guest.mapped_from = ask(&mut guest, "mmap", args).unwrap();
        let at = Word::Number(guest.mapped_from);
        ask(&mut guest, "munmap", [at, len]).unwrap();
        guest
    }

    /// No descriptor, and the test's own beyond the limit.
    fn begin(&mut self) {
        let number = |number: i32| Word::Number(number.into());
        let root = ask(self, "open", [Word::string(b"/"), number(libc::O_DIRECTORY), number(0)]);
        let root = Word::Number(root.unwrap());
        ask(self, "dup2", [root, number(ROOT_FD)]).unwrap();
        let last = Word::Number(self.last_fd());
        ask(self, "close_range", [number(0), last, number(0)]).unwrap();
        // Every packed tree has it. What it changes becomes "now".
        ask(self, "rmdir", [Word::string(b"/tmp")]).unwrap();
        let here = Word::string(b"/");
        let now = Word::Number(0);
        ask(self, "utimensat", [number(libc::AT_FDCWD), here, now, number(0)]).unwrap();
        look::limit_descriptors(self, MAX_FDS);
    }

    /// Makes a call with these numbers. A trap is a failed test.
    pub fn make(&mut self, name: &str, numbers: &[i64]) -> i64 {
        let function = self.functions[name];
        let call = CALLS.iter().find(|call| call.name == name).unwrap();
        assert_eq!(call.args.len(), numbers.len(), "{name}");
        let args: Vec<Val> = call
            .args
            .iter()
            .zip(numbers)
            .map(|(arg, &number)| match arg.kind.wasm() {
                Wasm::I32 => Val::I32(number as i32),
                Wasm::I64 => Val::I64(number),
            })
            .collect();
        let mut results = [Val::I64(0)];
        self.store.set_fuel(PLENTY).unwrap();
        function
            .call(&mut self.store, &args, &mut results)
            .unwrap_or_else(|trap| panic!("{name}{numbers:x?} trapped: {trap:?}"));
        results[0].unwrap_i64()
    }

    /// The memory that the program starts with.
    pub fn own(&self) -> &[u8] {
        &self.memory.data(&self.store)[..PAGES as usize * WASM_PAGE_BYTES as usize]
    }

    fn put(&mut self, next: &mut u32, bytes: &[u8]) -> u32 {
        let at = *next;
        let end = u64::from(at) + bytes.len() as u64;
        let size = self.memory.data_size(&self.store) as u64;
        if end > size {
            let pages = (end - size).div_ceil(WASM_PAGE_BYTES);
            self.memory.grow(&mut self.store, pages).unwrap();
        }
        self.memory.write(&mut self.store, at as usize, bytes).unwrap();
        *next = (end as u32).next_multiple_of(16);
        at
    }

    /// Puts pieces and a `struct iovec` for each; where each is, and where the array.
    fn put_vector(&mut self, next: &mut u32, pieces: &[Vec<u8>]) -> (Vec<u32>, u32) {
        let places: Vec<u32> = pieces.iter().map(|piece| self.put(next, piece)).collect();
        let array: Vec<u8> = places
            .iter()
            .zip(pieces)
            .flat_map(|(at, piece)| [at.to_le_bytes(), (piece.len() as u32).to_le_bytes()].concat())
            .collect();
        let array = self.put(next, &array);
        (places, array)
    }

    /// Reads its memory.
    pub fn take(&self, at: u32, bytes: &mut [u8]) {
        let place = &self.memory.data(&self.store)[at as usize..][..bytes.len()];
        bytes.copy_from_slice(place);
    }
}

/// The older call of the same meaning, with its arguments.
fn older(name: &'static str, args: &[i64]) -> Option<(&'static str, Vec<i64>)> {
    let here = i64::from(libc::AT_FDCWD);
    Some(match (name, args) {
        ("openat", &[dirfd, path, flags, mode]) if dirfd == here => {
            ("open", vec![path, flags, mode])
        }
        ("pipe2", &[ends, 0]) => ("pipe", vec![ends]),
        ("inotify_init1", &[0]) => ("inotify_init", vec![]),
        ("eventfd2", &[count, 0]) => ("eventfd", vec![count]),
        ("renameat2", &[from, old, to, new, 0]) => ("renameat", vec![from, old, to, new]),
        ("mkdirat", &[dirfd, path, mode]) if dirfd == here => ("mkdir", vec![path, mode]),
        ("unlinkat", &[dirfd, path, 0]) if dirfd == here => ("unlink", vec![path]),
        ("mknodat", &[dirfd, path, mode, dev]) if dirfd == here => ("mknod", vec![path, mode, dev]),
        ("faccessat2", args) => ("faccessat", args.to_vec()),
        ("fchmodat2", args) => ("fchmodat", args.to_vec()),
        ("newfstatat", &[dirfd, path, stat, 0]) if dirfd == here => ("stat", vec![path, stat]),
        ("preadv2", &[fd, iov, count, offset, 0]) if offset >= 0 => {
            ("preadv", vec![fd, iov, count, offset])
        }
        ("pwritev2", &[fd, iov, count, offset, 0]) if offset >= 0 => {
            ("pwritev", vec![fd, iov, count, offset])
        }
        ("poll", &[fds, count, 0]) => {
            let time = i64::from(NO_TIME);
            ("ppoll", vec![fds, count, time, 0, 8])
        }
        _ => return None,
    })
}

impl Raw for Guest {
    fn raw(&mut self, name: &'static str, args: &mut [Word]) -> Result<i64, Errno> {
        let mut next = SCRATCH;
        let mut numbers = Vec::new();
        let mut filled: Vec<(u32, usize)> = Vec::new();
        let mut vectors: Vec<(Vec<u32>, usize)> = Vec::new();
        for (index, arg) in args.iter().enumerate() {
            numbers.push(match arg {
                Word::Number(number) => *number,
                Word::In(bytes) => self.put(&mut next, bytes).into(),
                Word::Out(bytes) => {
                    let at = self.put(&mut next, bytes);
                    filled.push((at, index));
                    at.into()
                }
                Word::InVec(pieces) => self.put_vector(&mut next, pieces).1.into(),
                Word::OutVec(pieces) => {
                    let (places, array) = self.put_vector(&mut next, pieces);
                    vectors.push((places, index));
                    array.into()
                }
            });
        }
        let (name, numbers) = match self.spelling {
            Spelling::Wali => older(name, &numbers).unwrap_or((name, numbers)),
            _ => (name, numbers),
        };
        let answer = self.make(name, &numbers);
        for (at, index) in filled {
            if let Word::Out(bytes) = &mut args[index] {
                self.take(at, bytes);
            }
        }
        for (places, index) in vectors {
            if let Word::OutVec(pieces) = &mut args[index] {
                for (at, piece) in places.into_iter().zip(pieces) {
                    self.take(at, piece);
                }
            }
        }
        if answer >= 0 {
            return Ok(answer);
        }
        let number = u16::try_from(-answer).unwrap();
        Err(Errno::from_number(number).unwrap_or_else(|| panic!("{name} answers {answer}")))
    }

    fn ids(&mut self) -> &mut Ids {
        &mut self.ids
    }

    fn mapped_from(&self) -> i64 {
        self.mapped_from
    }

    fn load(&mut self, address: i64, len: i64) -> Outcome {
        let mut bytes = vec![0; usize::try_from(len).unwrap()];
        self.take(address as u32, &mut bytes);
        Ok(Value::Bytes(bytes))
    }

    fn store(&mut self, address: i64, bytes: &[u8]) -> Outcome {
        self.memory.write(&mut self.store, address as usize, bytes).unwrap();
        Ok(Value::Number(bytes.len() as i64))
    }

    fn root_fd(&self) -> i64 {
        ROOT_FD.into()
    }

    fn inodes_above(&self) -> u64 {
        0
    }

    fn last_fd(&self) -> i64 {
        i64::from(ROOT_FD) - 1
    }
}

impl World for Guest {
    fn call(&mut self, call: &Call) -> Outcome {
        match calls::call(self, call) {
            Ok(Value::Bytes(records)) if call.name == "events" => Ok(self.cookies.events(&records)),
            Ok(Value::Text(text)) if call.name.ends_with("getlk") => {
                Ok(Value::Text(wasm_vfs_test_posix::locks::with_slot(&text, &[1])))
            }
            other => other,
        }
    }

    fn dirents(&mut self, fd: i32, len: usize) -> Result<Vec<u8>, Errno> {
        look::records(self, "getdents64", fd.into(), len.try_into().unwrap())
    }

    fn look(&mut self, path: &[u8]) -> Option<Seen> {
        look::look(self, path)
    }

    fn descriptors(&mut self) -> Vec<(usize, Descriptors)> {
        vec![(0, look::descriptors(self))]
    }
}
