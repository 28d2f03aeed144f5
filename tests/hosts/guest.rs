//! A program whose exports are the filesystem's functions ([`Guest`]): tests call them in any order, and see and
//! change its memory.

use wasm_vfs::embed::HostApi;
use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engines::wasmtime::compile_quickly;
use wasm_vfs_tests::reexporting;
use wasmtime::{Caller, Config, Engine, Instance, Linker, Memory, Module, Store, Val};

/// Both forms: every test runs in each.
pub const FORMS: [Form; 2] = [Form::Portable, Form::Isolated];

/// Bytes in a page of a linear memory.
pub const PAGE: usize = 65_536;
/// Pages that the program starts with.
pub const PAGES: usize = 4;
/// Where paths are put.
const PATH: u32 = 0x8000;
const SECOND_PATH: u32 = 0x9000;
/// Where vectors and results are.
const IOVECS: u32 = 0xa000;
pub const OUT: u32 = 0xb000;
/// From here on the program's memory is nobody's but the test's.
pub const FREE: usize = 0x1_0000;

/// The errors of preview1 that tests expect.
pub const FAULT: u16 = 21;

/// The functions that tests call, with their parameters: `i` has 32 bits, `I` 64.
const FUNCTIONS: &[(&str, &str)] = &[
    ("args_sizes_get", "ii"),
    ("clock_time_get", "iIi"),
    ("fd_close", "i"),
    ("fd_filestat_get", "ii"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiiIi"),
    ("fd_seek", "iIii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiiIIii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("random_get", "ii"),
    ("sched_yield", ""),
];

const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;
const SEEK: u64 = 1 << 2;
const CREAT: u64 = 1;
const TRUNC: u64 = 8;

/// The program.
pub fn program() -> Vec<u8> {
    let own = format!(
        r#"(memory (export "memory") {PAGES})
           (func (export "size") (result i32) (memory.size))
           ;; As allocators do, it makes an address of the result.
           (func (export "grow") (param i32) (result i32) (local $page i32)
             (local.set $page (memory.grow (local.get 0)))
             (drop (i32.shl (local.get $page) (i32.const 16)))
             (local.get $page))"#
    );
    wat::parse_str(reexporting::program(FUNCTIONS, &own)).unwrap()
}

/// The program, packed with a tree.
pub fn packed(tree: TreeBuilder, policy: &str, form: Form) -> Vec<u8> {
    Packer::new(tree)
        .policy(Policy::from_toml(policy).unwrap())
        .form(form)
        .pack(Program::bytes("program", program()))
        .and_then(|packed| packed.to_vec())
        .unwrap_or_else(|error| panic!("{error:#}"))
}

/// An engine that counts fuel.
pub fn engine() -> Engine {
    Engine::new(compile_quickly(&mut Config::new()).consume_fuel(true)).unwrap()
}

pub struct Guest<T: 'static = ()> {
    pub store: Store<T>,
    /// The program.
    pub instance: Instance,
    /// What the host interface is found in.
    pub filesystem: Instance,
    pub memory: Memory,
}

impl Guest {
    /// Starts a packed program on a host that has a clock and answers 0 to all else.
    pub fn start(packed: &[u8]) -> Guest {
        Guest::start_on(&Module::new(&engine(), packed).unwrap(), (), |_| {})
    }
}

/// What the engine counts down: enough for everything.
pub const PLENTY: u64 = 1 << 40;

impl<T: Send + 'static> Guest<T> {
    /// Starts a packed program on host functions of the test's own.
    pub fn start_on(module: &Module, state: T, replace: impl FnOnce(&mut Linker<T>)) -> Guest<T> {
        let (mut store, mut linker) = host(module.engine(), state);
        replace(linker.allow_shadowing(true));
        linker.define_unknown_imports_as_default_values(&mut store, module).unwrap();
        let instance = linker.instantiate(&mut store, module).unwrap();
        Guest::new(store, instance, instance)
    }

    pub fn new(mut store: Store<T>, instance: Instance, filesystem: Instance) -> Guest<T> {
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        Guest { store, instance, filesystem, memory }
    }

    /// Calls a function.
    pub fn try_call(&mut self, name: &str, args: &[u64]) -> wasmtime::Result<Result<(), u16>> {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let ty = function.ty(&self.store);
        let args: Vec<Val> = ty
            .params()
            .zip(args)
            .map(|(ty, &arg)| match ty {
                wasmtime::ValType::I32 => Val::I32(arg as u32 as i32),
                _ => Val::I64(arg as i64),
            })
            .collect();
        let mut results = [Val::I32(0)];
        function.call(&mut self.store, &args, &mut results)?;
        Ok(match results[0].unwrap_i32() {
            0 => Ok(()),
            errno => Err(errno as u16),
        })
    }

    /// Calls a function that does not trap.
    pub fn call(&mut self, name: &str, args: &[u64]) -> Result<(), u16> {
        self.try_call(name, args).unwrap_or_else(|trap| panic!("{name}{args:x?} trapped: {trap:?}"))
    }

    /// Calls a function of the program's own with one number.
    pub fn number(&mut self, name: &str, arg: Option<i32>) -> i32 {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let args: Vec<Val> = arg.into_iter().map(Val::I32).collect();
        let mut results = [Val::I32(0)];
        function.call(&mut self.store, &args, &mut results).unwrap();
        results[0].unwrap_i32()
    }

    pub fn put(&mut self, addr: u32, bytes: &[u8]) {
        self.memory.write(&mut self.store, addr as usize, bytes).unwrap();
    }

    pub fn bytes(&self, addr: u32, len: usize) -> &[u8] {
        &self.memory.data(&self.store)[addr as usize..][..len]
    }

    fn u32(&self, addr: u32) -> u32 {
        u32::from_le_bytes(self.bytes(addr, 4).try_into().unwrap())
    }

    /// Arguments that are a path.
    pub fn path(&mut self, path: &str) -> [u64; 2] {
        self.put(PATH, path.as_bytes());
        [PATH.into(), path.len() as u64]
    }

    /// Arguments that are a second path.
    pub fn second_path(&mut self, path: &str) -> [u64; 2] {
        self.put(SECOND_PATH, path.as_bytes());
        [SECOND_PATH.into(), path.len() as u64]
    }

    /// The arguments of a vector of one piece, and where the count goes.
    pub fn iovec(&mut self, addr: u32, len: u32) -> [u64; 3] {
        let iovec = [addr.to_le_bytes(), len.to_le_bytes()].concat();
        self.put(IOVECS, &iovec);
        [IOVECS.into(), 1, OUT.into()]
    }

    /// Opens a file below the first preopen.
    pub fn open(&mut self, path: &str, create: bool) -> Result<u64, u16> {
        let [at, len] = self.path(path);
        let flags = if create { CREAT | TRUNC } else { 0 };
        let rights = READ | SEEK | if create { WRITE } else { 0 };
        self.call("path_open", &[3, 0, at, len, flags, rights, rights, 0, OUT.into()])?;
        Ok(self.u32(OUT).into())
    }

    /// Makes a file of these bytes of memory.
    pub fn write_file(&mut self, path: &str, addr: u32, len: u32) -> Result<(), u16> {
        let fd = self.open(path, true)?;
        let [iovecs, count, out] = self.iovec(addr, len);
        let written = self.call("fd_write", &[fd, iovecs, count, out]);
        self.call("fd_close", &[fd]).unwrap();
        written
    }

    /// Reads a file into memory; how many bytes it has.
    pub fn read_file(&mut self, path: &str, addr: u32, len: u32) -> Result<u32, u16> {
        let fd = self.open(path, false)?;
        let [iovecs, count, out] = self.iovec(addr, len);
        let read = self.call("fd_read", &[fd, iovecs, count, out]);
        self.call("fd_close", &[fd]).unwrap();
        read?;
        Ok(self.u32(OUT))
    }

    /// What an embedder reaches.
    pub fn host_api(&mut self) -> (HostApi, &mut Store<T>) {
        (HostApi::new(&mut self.store, &self.filesystem).unwrap(), &mut self.store)
    }
}

/// A store with plenty of fuel, and a host that has a clock.
pub fn host<T: Send + 'static>(engine: &Engine, state: T) -> (Store<T>, Linker<T>) {
    let mut store = Store::new(engine, state);
    store.set_fuel(PLENTY).unwrap();
    let mut linker = Linker::new(engine);
    linker
        .func_wrap(
            "wasi_snapshot_preview1",
            "clock_time_get",
            |mut caller: Caller<'_, T>, _: i32, _: i64, out: i32| -> wasmtime::Result<i32> {
                let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
                memory.write(&mut caller, out as usize, &5u64.to_le_bytes())?;
                Ok(0)
            },
        )
        .unwrap();
    for name in ["args_sizes_get", "random_get"] {
        linker.func_wrap("wasi_snapshot_preview1", name, |_: i32, _: i32| 0i32).unwrap();
    }
    linker.func_wrap("wasi_snapshot_preview1", "sched_yield", || 0i32).unwrap();
    (store, linker)
}
