//! A program that does what a test tells it: it exports every function of preview1 that it imports. Packed, its exports are the
//! filesystem's functions; its memory is the test's to read and write.

use std::path::Path;

use wasm_vfs::embed::HostApi;
use wasm_vfs::{Form, Packer, Policy, Program, TreeBuilder};
use wasm_vfs_tests::engines::wasmtime::compile_quickly;
use wasm_vfs_tests::reexporting;
use wasmtime::{Config, Engine, Instance, Linker, Memory, Module, Store, Val};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// The functions that tests call, with their parameters: `i` has 32 bits, `I` 64.
const FUNCTIONS: &[(&str, &str)] = &[
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_rights", "iII"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "iI"),
    ("fd_filestat_set_times", "iIIi"),
    ("fd_pread", "iiiIi"),
    ("fd_prestat_get", "ii"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_pwrite", "iiiIi"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiiIi"),
    ("fd_renumber", "ii"),
    ("fd_seek", "iIii"),
    ("fd_sync", "i"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiiIIi"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiiIIii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
];

/// The program.
pub fn program() -> Vec<u8> {
    let text = reexporting::program(FUNCTIONS, r#"(memory (export "memory") 4)"#);
    wat::parse_str(text).unwrap()
}

/// Where arguments are put in the program's memory. Everything before is where the filesystem borrows, and must never
/// change.
const PATH: u32 = 0x8000;
const SECOND_PATH: u32 = 0xa000;
const IOVECS: u32 = 0xc000;
pub const OUT: u32 = 0xd000;
const BUFFER: u32 = 0x1_0000;
const BUFFER_BYTES: u32 = 0x2_0000;
/// What is in all of the memory at first.
const PATTERN: u8 = 0x5a;

pub const READ: u64 = 1 << 1;
/// Every right there is.
const ALL: u64 = (1 << 30) - 1;
pub const WRITE: u64 = 1 << 6;
pub const CREAT: u16 = 1;
pub const DIRECTORY: u16 = 2;
pub const EXCL: u16 = 4;
pub const TRUNC: u16 = 8;

pub const BADF: u16 = 8;
pub const BUSY: u16 = 10;
pub const EXIST: u16 = 20;
pub const FAULT: u16 = 21;
pub const INVAL: u16 = 28;
pub const IO: u16 = 29;
pub const LOOP: u16 = 32;
pub const NOENT: u16 = 44;
pub const NOTDIR: u16 = 54;
pub const NOTEMPTY: u16 = 55;
pub const OVERFLOW: u16 = 61;
pub const PERM: u16 = 63;
pub const XDEV: u16 = 75;
pub const NOTCAPABLE: u16 = 76;

/// The types of files.
/// Names with their types, and where the next ones begin.
pub type Piece = (Vec<(String, u8)>, Option<u64>);

pub const TYPE_DIRECTORY: u8 = 3;
pub const TYPE_FILE: u8 = 4;
pub const TYPE_SYMLINK: u8 = 7;

/// Both forms: every test runs in each.
pub const FORMS: [Form; 2] = [Form::Portable, Form::Isolated];

pub struct Puppet {
    store: Store<WasiP1Ctx>,
    instance: Instance,
    memory: Memory,
    stderr: MemoryOutputPipe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filestat {
    pub dev: u64,
    pub ino: u64,
    pub filetype: u8,
    pub nlink: u64,
    pub size: u64,
    pub mtim: u64,
}

/// A policy, from its text.
pub fn policy(text: &str) -> Policy {
    Policy::from_toml(text).unwrap()
}

/// A directory of the host, and the name by which it is preopened.
pub type Preopened<'a> = (&'a Path, &'a str, FsPerms);

impl Puppet {
    /// Packs the program with a tree, and starts it with directories of the host.
    pub fn new(tree: TreeBuilder, policy: Policy, form: Form, host: &[Preopened<'_>]) -> Puppet {
        let packed = Packer::new(tree)
            .policy(policy)
            .form(form)
            .pack(Program::bytes("program", program()))
            .and_then(|packed| packed.to_vec());
        let packed = packed.unwrap_or_else(|error| panic!("{error:#}"));
        Puppet::start(&packed, host)
    }

    /// Starts a program that was packed.
    pub fn start(packed: &[u8], host: &[Preopened<'_>]) -> Puppet {
        Puppet::start_on(packed, host, |_| {})
    }

    /// Starts a program that was packed, on host functions of the test's own.
    pub fn start_on(
        packed: &[u8],
        host: &[Preopened<'_>],
        replace: impl FnOnce(&mut Linker<WasiP1Ctx>),
    ) -> Puppet {
        let engine = Engine::new(compile_quickly(&mut Config::new())).unwrap();
        let module = Module::new(&engine, packed).unwrap();
        let mut linker = Linker::new(&engine);
        p1::add_to_linker_sync(&mut linker, |wasi| wasi).unwrap();
        replace(linker.allow_shadowing(true));
        let stderr = MemoryOutputPipe::new(4096);
        let mut wasi = WasiCtxBuilder::new();
        wasi.allow_blocking_current_thread(true).stderr(stderr.clone());
        for &(directory, name, perms) in host {
            wasi.preopened_dir(directory, name, perms).unwrap();
        }
        let mut store = Store::new(&engine, wasi.build_p1());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        memory.data_mut(&mut store)[..(BUFFER + BUFFER_BYTES) as usize].fill(PATTERN);
        Puppet { store, instance, memory, stderr }
    }

    /// What was written to the host's standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8(self.stderr.contents().to_vec()).unwrap()
    }

    /// How many pages of 64 KiB the instance has in all: the filesystem's memory is also exported, under a name of its own.
    pub fn pages(&mut self) -> u64 {
        let own = self.instance.get_memory(&mut self.store, "wasm_vfs_memory").unwrap();
        self.memory.size(&self.store) + own.size(&self.store)
    }

    /// What an embedder reaches.
    pub fn host_api(&mut self) -> (HostApi, &mut Store<WasiP1Ctx>) {
        (HostApi::new(&mut self.store, &self.instance).unwrap(), &mut self.store)
    }

    /// Calls a function. A trap is a failed test; so is a change of memory that nobody asked for.
    pub fn call(&mut self, name: &str, args: &[u64]) -> Result<(), u16> {
        self.try_call(name, args).unwrap_or_else(|trap| panic!("{name}{args:?} trapped: {trap:?}"))
    }

    /// Calls a function that may trap, or whose host function may fail.
    pub fn try_call(&mut self, name: &str, args: &[u64]) -> wasmtime::Result<Result<(), u16>> {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let types: Vec<_> = function.ty(&self.store).params().collect();
        assert_eq!(types.len(), args.len(), "{name}");
        let args: Vec<Val> = types
            .iter()
            .zip(args)
            .map(|(ty, &arg)| if ty.is_i32() { Val::I32(arg as i32) } else { Val::I64(arg as i64) })
            .collect();
        let mut results = [Val::I32(0)];
        function.call(&mut self.store, &args, &mut results)?;
        Ok(match results[0].unwrap_i32() {
            0 => Ok(()),
            errno => Err(u16::try_from(errno).unwrap()),
        })
    }

    /// As [`at`](Self::at), of a call that may trap.
    pub fn try_at(
        &mut self,
        name: &str,
        dirfd: u32,
        path: &str,
    ) -> wasmtime::Result<Result<(), u16>> {
        let [addr, len] = self.path(path);
        self.try_call(name, &[u64::from(dirfd), addr, len])
    }

    /// Asserts that the memory in which nothing is put is as it was: what was borrowed was given back.
    pub fn assert_untouched(&self) {
        let memory = self.memory.data(&self.store);
        assert!(memory[..PATH as usize].iter().all(|&byte| byte == PATTERN), "borrowed and kept");
    }

    pub fn put(&mut self, addr: u32, bytes: &[u8]) {
        self.memory.write(&mut self.store, addr as usize, bytes).unwrap();
    }

    pub fn get(&self, addr: u32, len: usize) -> &[u8] {
        &self.memory.data(&self.store)[addr as usize..][..len]
    }

    fn u32(&self, addr: u32) -> u32 {
        u32::from_le_bytes(self.get(addr, 4).try_into().unwrap())
    }

    fn u64(&self, addr: u32) -> u64 {
        u64::from_le_bytes(self.get(addr, 8).try_into().unwrap())
    }

    fn path(&mut self, path: &str) -> [u64; 2] {
        self.put(PATH, path.as_bytes());
        [u64::from(PATH), path.len() as u64]
    }

    fn second_path(&mut self, path: &str) -> [u64; 2] {
        self.put(SECOND_PATH, path.as_bytes());
        [u64::from(SECOND_PATH), path.len() as u64]
    }

    /// A function of a descriptor and a path.
    pub fn at(&mut self, name: &str, dirfd: u32, path: &str) -> Result<(), u16> {
        let [addr, len] = self.path(path);
        self.call(name, &[u64::from(dirfd), addr, len])
    }

    pub fn mkdir(&mut self, path: &str) -> Result<(), u16> {
        self.at("path_create_directory", 3, path)
    }

    pub fn rmdir(&mut self, path: &str) -> Result<(), u16> {
        self.at("path_remove_directory", 3, path)
    }

    pub fn unlink(&mut self, path: &str) -> Result<(), u16> {
        self.at("path_unlink_file", 3, path)
    }

    pub fn open_at(
        &mut self,
        dirfd: u32,
        follow: bool,
        path: &str,
        oflags: u16,
        rights: u64,
    ) -> Result<u32, u16> {
        let [addr, len] = self.path(path);
        self.call(
            "path_open",
            &[
                u64::from(dirfd),
                u64::from(follow),
                addr,
                len,
                u64::from(oflags),
                // All that have nothing to do with reading and writing, as programs ask for them.
                if rights == 0 { 0 } else { rights | ALL & !(READ | WRITE) },
                if rights == 0 { 0 } else { ALL },
                0,
                u64::from(OUT),
            ],
        )?;
        Ok(self.u32(OUT))
    }

    /// Opens for reading.
    pub fn open(&mut self, path: &str) -> Result<u32, u16> {
        self.open_at(3, true, path, 0, READ)
    }

    fn filestat(&self, addr: u32) -> Filestat {
        Filestat {
            dev: self.u64(addr),
            ino: self.u64(addr + 8),
            filetype: self.get(addr + 16, 1)[0],
            nlink: self.u64(addr + 24),
            size: self.u64(addr + 32),
            mtim: self.u64(addr + 48),
        }
    }

    pub fn stat_at(&mut self, dirfd: u32, follow: bool, path: &str) -> Result<Filestat, u16> {
        let [addr, len] = self.path(path);
        let args = [u64::from(dirfd), u64::from(follow), addr, len, u64::from(OUT)];
        self.call("path_filestat_get", &args)?;
        Ok(self.filestat(OUT))
    }

    pub fn stat(&mut self, path: &str) -> Result<Filestat, u16> {
        self.stat_at(3, true, path)
    }

    pub fn lstat(&mut self, path: &str) -> Result<Filestat, u16> {
        self.stat_at(3, false, path)
    }

    pub fn fstat(&mut self, fd: u32) -> Result<Filestat, u16> {
        self.call("fd_filestat_get", &[u64::from(fd), u64::from(OUT)])?;
        Ok(self.filestat(OUT))
    }

    pub fn close(&mut self, fd: u32) -> Result<(), u16> {
        self.call("fd_close", &[u64::from(fd)])
    }

    pub fn rename(&mut self, old: &str, new: &str) -> Result<(), u16> {
        let [old, old_len] = self.path(old);
        let [new, new_len] = self.second_path(new);
        self.call("path_rename", &[3, old, old_len, 3, new, new_len])
    }

    pub fn link(&mut self, old: &str, new: &str) -> Result<(), u16> {
        let [old, old_len] = self.path(old);
        let [new, new_len] = self.second_path(new);
        self.call("path_link", &[3, 0, old, old_len, 3, new, new_len])
    }

    pub fn symlink(&mut self, target: &str, path: &str) -> Result<(), u16> {
        let [target, target_len] = self.path(target);
        let [addr, len] = self.second_path(path);
        self.call("path_symlink", &[target, target_len, 3, addr, len])
    }

    pub fn readlink(&mut self, path: &str) -> Result<String, u16> {
        let [addr, len] = self.path(path);
        let args = [3, addr, len, u64::from(BUFFER), 4096, u64::from(OUT)];
        self.call("path_readlink", &args)?;
        let used = self.u32(OUT) as usize;
        Ok(String::from_utf8(self.get(BUFFER, used).to_vec()).unwrap())
    }

    /// Reads `len` bytes from `offset` into the program's memory at `addr`.
    pub fn pread_to(&mut self, fd: u32, addr: u32, len: u32, offset: u64) -> Result<u32, u16> {
        let iovec = [addr.to_le_bytes(), len.to_le_bytes()].concat();
        self.put(IOVECS, &iovec);
        self.call("fd_pread", &[u64::from(fd), u64::from(IOVECS), 1, offset, u64::from(OUT)])?;
        Ok(self.u32(OUT))
    }

    /// The arguments of a call that reads into [`BUFFER`].
    pub fn pread_args(&mut self, fd: u32, len: u32, offset: u64) -> [u64; 5] {
        self.put(IOVECS, &[BUFFER.to_le_bytes(), len.to_le_bytes()].concat());
        [u64::from(fd), u64::from(IOVECS), 1, offset, u64::from(OUT)]
    }

    /// Writes where the offset of a descriptor is.
    pub fn write_to(&mut self, fd: u32, bytes: &[u8]) -> Result<u32, u16> {
        self.put(IOVECS, &[BUFFER.to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat());
        self.put(BUFFER, bytes);
        self.call("fd_write", &[u64::from(fd), u64::from(IOVECS), 1, u64::from(OUT)])?;
        Ok(self.u32(OUT))
    }

    pub fn pread(&mut self, fd: u32, len: u32, offset: u64) -> Result<Vec<u8>, u16> {
        let read = self.pread_to(fd, BUFFER, len, offset)?;
        Ok(self.get(BUFFER, read as usize).to_vec())
    }

    pub fn pwrite(&mut self, fd: u32, bytes: &[u8], offset: u64) -> Result<u32, u16> {
        let iovec = [BUFFER.to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
        self.put(IOVECS, &iovec);
        self.put(BUFFER, bytes);
        self.call("fd_pwrite", &[u64::from(fd), u64::from(IOVECS), 1, offset, u64::from(OUT)])?;
        Ok(self.u32(OUT))
    }

    /// The contents of a file.
    pub fn read(&mut self, path: &str) -> Result<String, u16> {
        let fd = self.open(path)?;
        let bytes = self.pread(fd, BUFFER_BYTES, 0)?;
        self.close(fd)?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    /// Makes a file, or changes its contents.
    pub fn write(&mut self, path: &str, contents: &str) -> Result<(), u16> {
        let fd = self.open_at(3, true, path, CREAT | TRUNC, WRITE)?;
        assert_eq!(self.pwrite(fd, contents.as_bytes(), 0)?, contents.len() as u32);
        self.close(fd)
    }

    /// The names in an open directory and their types, `.` and `..` first, in pieces of `room` bytes.
    pub fn entries(&mut self, fd: u32, room: u32) -> Result<Vec<(String, u8)>, u16> {
        let (mut entries, mut cookie) = (Vec::new(), 0);
        loop {
            let (piece, next) = self.entries_from(fd, room, cookie)?;
            entries.extend(piece);
            let Some(next) = next else { return Ok(entries) };
            cookie = next;
        }
    }

    /// One piece of a listing, and the cookie of the next one if there is one.
    pub fn entries_from(&mut self, fd: u32, room: u32, cookie: u64) -> Result<Piece, u16> {
        let args = [u64::from(fd), u64::from(BUFFER), u64::from(room), cookie, u64::from(OUT)];
        self.call("fd_readdir", &args)?;
        let (mut entries, mut next) = (Vec::new(), cookie);
        let used = self.u32(OUT);
        let mut at = BUFFER;
        while at + 24 <= BUFFER + used {
            let len = self.u32(at + 16);
            if at + 24 + len > BUFFER + used {
                break;
            }
            let name = String::from_utf8(self.get(at + 24, len as usize).to_vec()).unwrap();
            entries.push((name, self.get(at + 20, 1)[0]));
            next = self.u64(at);
            at += 24 + len;
        }
        Ok((entries, (used == room).then_some(next)))
    }

    /// The names in a directory, sorted, but for `.` and `..`; those of directories with a slash after them, those of links with
    /// an `@`.
    pub fn list(&mut self, path: &str) -> Result<String, u16> {
        let fd = self.open_at(3, true, path, DIRECTORY, READ)?;
        let names = self.list_fd(fd);
        self.close(fd)?;
        names
    }

    pub fn list_fd(&mut self, fd: u32) -> Result<String, u16> {
        let mut names: Vec<String> = self
            .entries(fd, 300)?
            .into_iter()
            .filter(|(name, _)| name != "." && name != "..")
            .map(|(name, kind)| match kind {
                TYPE_DIRECTORY => format!("{name}/"),
                TYPE_SYMLINK => format!("{name}@"),
                _ => name,
            })
            .collect();
        names.sort();
        Ok(names.join(" "))
    }

    pub fn renumber(&mut self, from: u32, to: u32) -> Result<(), u16> {
        self.call("fd_renumber", &[u64::from(from), u64::from(to)])
    }

    /// The name of a preopen.
    pub fn preopen_name(&mut self, fd: u32) -> Result<String, u16> {
        self.call("fd_prestat_get", &[u64::from(fd), u64::from(OUT)])?;
        let len = self.u32(OUT + 4);
        self.call("fd_prestat_dir_name", &[u64::from(fd), u64::from(BUFFER), u64::from(len)])?;
        Ok(String::from_utf8(self.get(BUFFER, len as usize).to_vec()).unwrap())
    }
}
