//! Runs the adapter's core module without a linker: the intrinsics are host functions over a byte array that stands for the
//! program's memory.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use wasm_vfs_core::Timespec;
use wasm_vfs_core::manifest::{Attributes, Record, RecordKind};
use wasmtime::{Caller, Engine, Extern, FuncType, Instance, Linker, Memory, Module, Store, Val};

/// Whether these are the tests of the build that knows directories of the host: of two test binaries, `adapter` and
/// `adapter_mounts`, this is the second.
pub const WITH_MOUNTS: bool = env!("CARGO_CRATE_NAME").len() > "adapter".len();

/// The checked-in core module.
pub const CORE: &[u8] = if WITH_MOUNTS {
    include_bytes!("../../snapshot-tool/assets/adapter-mounts.wasm")
} else {
    include_bytes!("../../snapshot-tool/assets/adapter.wasm")
};

/// Bytes in a page of a linear memory.
pub const PAGE: usize = 65_536;
/// Pages of the program's memory.
const PROGRAM_PAGES: usize = 4;

/// Where the rig puts arguments in the program's memory.
pub const PATH: u32 = 0x2000;
pub const SECOND_PATH: u32 = 0x4000;
pub const IOVECS: u32 = 0x6000;
pub const OUT: u32 = 0x8000;
pub const BUFFER: u32 = 0x1_0000;

/// A host function: gets the world and the arguments, answers an errno.
pub type HostFunction = fn(&mut World, &[u64]) -> u32;

/// What the core module's imports work on.
pub struct World {
    /// The program's memory.
    pub program: Vec<u8>,
    /// The contents.
    pub contents: Vec<u8>,
    /// What the clocks say.
    pub now: u64,
    /// How often a clock was read.
    pub clock_readings: u32,
    /// Calls of other host functions.
    pub calls: Vec<(String, Vec<u64>)>,
    /// What they do; without an entry they answer 0.
    pub host: BTreeMap<&'static str, HostFunction>,
}

impl World {
    pub fn put(&mut self, addr: u32, bytes: &[u8]) {
        self.program[addr as usize..][..bytes.len()].copy_from_slice(bytes);
    }

    pub fn get(&self, addr: u32, len: usize) -> &[u8] {
        &self.program[addr as usize..][..len]
    }

    pub fn u32(&self, addr: u32) -> u32 {
        u32::from_le_bytes(self.get(addr, 4).try_into().unwrap())
    }

    pub fn u64(&self, addr: u32) -> u64 {
        u64::from_le_bytes(self.get(addr, 8).try_into().unwrap())
    }
}

pub struct Rig {
    pub store: Store<World>,
    pub instance: Instance,
    pub memory: Memory,
}

fn module() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| Module::new(&Engine::default(), CORE).unwrap())
}

/// The kernel's memory and the world, both mutable.
fn both<'a>(caller: &'a mut Caller<'_, World>) -> (&'a mut [u8], &'a mut World) {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { panic!("no memory") };
    memory.data_and_store_mut(caller)
}

fn range(start: i32, len: i32) -> std::ops::Range<usize> {
    let start = start as u32 as usize;
    start..start + len as u32 as usize
}

fn intrinsics(linker: &mut Linker<World>) -> wasmtime::Result<()> {
    type C<'a> = Caller<'a, World>;
    linker.func_wrap("user", "copy_from_user", |mut c: C<'_>, dst: i32, src: i32, len: i32| {
        let (kernel, world) = both(&mut c);
        kernel[range(dst, len)].copy_from_slice(&world.program[range(src, len)]);
    })?;
    linker.func_wrap("user", "copy_to_user", |mut c: C<'_>, dst: i32, src: i32, len: i32| {
        let (kernel, world) = both(&mut c);
        world.program[range(dst, len)].copy_from_slice(&kernel[range(src, len)]);
    })?;
    linker.func_wrap("user", "clear_user", |mut c: C<'_>, dst: i32, len: i32| {
        c.data_mut().program[range(dst, len)].fill(0);
    })?;
    linker.func_wrap("user", "load_u8", |c: C<'_>, addr: i32| -> i32 {
        i32::from(c.data().program[range(addr, 1)][0])
    })?;
    linker.func_wrap("user", "load_u32", |c: C<'_>, addr: i32| -> i32 {
        c.data().u32(addr as u32) as i32
    })?;
    linker.func_wrap("user", "load_u64", |c: C<'_>, addr: i32| -> i64 {
        c.data().u64(addr as u32) as i64
    })?;
    linker.func_wrap("user", "store_u8", |mut c: C<'_>, addr: i32, value: i32| {
        c.data_mut().put(addr as u32, &[value as u8]);
    })?;
    linker.func_wrap("user", "store_u16", |mut c: C<'_>, addr: i32, value: i32| {
        c.data_mut().put(addr as u32, &(value as u16).to_le_bytes());
    })?;
    linker.func_wrap("user", "store_u32", |mut c: C<'_>, addr: i32, value: i32| {
        c.data_mut().put(addr as u32, &value.to_le_bytes());
    })?;
    linker.func_wrap("user", "store_u64", |mut c: C<'_>, addr: i32, value: i64| {
        c.data_mut().put(addr as u32, &value.to_le_bytes());
    })?;
    linker
        .func_wrap("user", "size", |c: C<'_>| -> i32 { (c.data().program.len() / PAGE) as i32 })?;
    linker.func_wrap("user", "base", || -> i32 { 0 })?;
    linker.func_wrap("user", "grow", |mut c: C<'_>, pages: i32| -> i32 {
        let world = c.data_mut();
        let before = world.program.len();
        world.program.resize(before + pages as usize * PAGE, 0);
        (before / PAGE) as i32
    })?;
    linker.func_wrap(
        "contents",
        "contents_to_user",
        |mut c: C<'_>, dst: i32, offset: i32, len: i32| {
            let world = c.data_mut();
            let (contents, program) = (&world.contents, &mut world.program);
            program[range(dst, len)].copy_from_slice(&contents[range(offset, len)]);
        },
    )?;
    linker.func_wrap(
        "contents",
        "contents_to_kernel",
        |mut c: C<'_>, dst: i32, offset: i32, len: i32| {
            let (kernel, world) = both(&mut c);
            kernel[range(dst, len)].copy_from_slice(&world.contents[range(offset, len)]);
        },
    )?;
    Ok(())
}

/// Every import from the host: noted, and answered from [`World::host`].
fn host(linker: &mut Linker<World>) -> wasmtime::Result<()> {
    for import in module().imports() {
        if !["wasi_snapshot_preview1", "wasm_vfs_events"].contains(&import.module()) {
            continue;
        }
        let name = import.name().to_owned();
        let ty: FuncType = import.ty().unwrap_func().clone();
        linker.func_new(import.module(), import.name(), ty, move |mut caller, args, results| {
            let args: Vec<u64> = args
                .iter()
                .map(|arg| match arg {
                    Val::I32(value) => u64::from(value.cast_unsigned()),
                    Val::I64(value) => value.cast_unsigned(),
                    other => panic!("{other:?}"),
                })
                .collect();
            let world = caller.data_mut();
            let errno = match (name.as_str(), world.host.get(name.as_str())) {
                ("clock_time_get", None) => {
                    world.clock_readings += 1;
                    let now = world.now;
                    world.put(args[2] as u32, &now.to_le_bytes());
                    0
                }
                (_, function) => {
                    let function = function.copied();
                    world.calls.push((name.clone(), args.clone()));
                    function.map_or(0, |function| function(world, &args))
                }
            };
            if let Some(result) = results.first_mut() {
                *result = Val::I32(errno.cast_signed());
            }
            Ok(())
        })?;
    }
    Ok(())
}

impl Rig {
    /// A core module with nothing in it yet.
    pub fn unbaked() -> Rig {
        let world = World {
            program: vec![0xa5; PROGRAM_PAGES * PAGE],
            contents: Vec::new(),
            now: 1_700_000_000_123_456_789,
            clock_readings: 0,
            calls: Vec::new(),
            host: BTreeMap::new(),
        };
        let mut store = Store::new(module().engine(), world);
        let mut linker = Linker::new(module().engine());
        intrinsics(&mut linker).unwrap();
        host(&mut linker).unwrap();
        let instance = linker.instantiate(&mut store, module()).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        Rig { store, instance, memory }
    }

    /// One with a tree.
    pub fn baked(tree: &Tree) -> Rig {
        let mut rig = Rig::unbaked();
        rig.store.data_mut().contents = tree.contents.clone();
        assert_eq!(rig.bake(&tree.records), Ok(()));
        rig.seal();
        rig
    }

    /// One with an empty root directory.
    pub fn empty() -> Rig {
        Rig::baked(&Tree::new())
    }

    /// Hands over records; an error is the errno and the number of the culprit.
    pub fn bake(&mut self, records: &[u8]) -> Result<(), (i32, i32)> {
        let len = records.len() as u64;
        let address = self.raw("bake_buffer", &[len]);
        assert_ne!(address, 0);
        self.memory.write(&mut self.store, address as u32 as usize, records).unwrap();
        match self.raw("bake_records", &[len]) {
            0 => Ok(()),
            errno => Err((errno, self.raw("bake_failed_record", &[]))),
        }
    }

    pub fn seal(&mut self) {
        let open = self.instance.get_typed_func::<(), i32>(&mut self.store, "bake_open_all");
        assert_eq!(open.unwrap().call(&mut self.store, ()).unwrap(), 0);
        let seal = self.instance.get_typed_func::<(), ()>(&mut self.store, "wizer-initialize");
        seal.unwrap().call(&mut self.store, ()).unwrap();
    }

    /// Calls an export with arguments of whatever width it has. A trap is a failed test.
    pub fn raw(&mut self, name: &str, args: &[u64]) -> i32 {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let types: Vec<_> = function.ty(&self.store).params().collect();
        assert_eq!(types.len(), args.len(), "{name}");
        let args: Vec<Val> = types
            .iter()
            .zip(args)
            .map(|(ty, &arg)| if ty.is_i32() { Val::I32(arg as i32) } else { Val::I64(arg as i64) })
            .collect();
        let mut results = [Val::I32(0)];
        function
            .call(&mut self.store, &args, &mut results)
            .unwrap_or_else(|trap| panic!("{name}{args:?} trapped: {trap:?}"));
        results[0].unwrap_i32()
    }

    /// Calls a preview1 function.
    pub fn call(&mut self, name: &str, args: &[u64]) -> Result<(), u16> {
        match self.raw(name, args) {
            0 => Ok(()),
            errno => Err(u16::try_from(errno).unwrap()),
        }
    }

    pub fn world(&mut self) -> &mut World {
        self.store.data_mut()
    }

    pub fn put(&mut self, addr: u32, bytes: &[u8]) {
        self.world().put(addr, bytes);
    }

    pub fn u32(&mut self, addr: u32) -> u32 {
        self.world().u32(addr)
    }

    pub fn u64(&mut self, addr: u32) -> u64 {
        self.world().u64(addr)
    }

    fn path(&mut self, path: impl AsRef<[u8]>) -> [u64; 2] {
        self.put(PATH, path.as_ref());
        [u64::from(PATH), path.as_ref().len() as u64]
    }

    fn second_path(&mut self, path: impl AsRef<[u8]>) -> [u64; 2] {
        self.put(SECOND_PATH, path.as_ref());
        [u64::from(SECOND_PATH), path.as_ref().len() as u64]
    }

    /// A function whose arguments are a directory descriptor and a path.
    pub fn at(&mut self, name: &str, dirfd: u32, path: impl AsRef<[u8]>) -> Result<(), u16> {
        let [addr, len] = self.path(path);
        self.call(name, &[u64::from(dirfd), addr, len])
    }

    pub fn open_at(
        &mut self,
        dirfd: u32,
        lookup: u32,
        path: impl AsRef<[u8]>,
        oflags: u16,
        rights: u64,
        fdflags: u16,
    ) -> Result<u32, u16> {
        let [addr, len] = self.path(path);
        let args = [
            u64::from(dirfd),
            u64::from(lookup),
            addr,
            len,
            u64::from(oflags),
            and_others(rights),
            ALL,
            u64::from(fdflags),
            u64::from(OUT),
        ];
        self.call("path_open", &args)?;
        Ok(self.u32(OUT))
    }

    /// Opens beneath `/` for reading.
    pub fn open(&mut self, path: impl AsRef<[u8]>) -> Result<u32, u16> {
        self.open_at(3, 1, path, 0, READ, 0)
    }

    /// Opens beneath `/` for reading and writing, creating the file.
    pub fn create(&mut self, path: impl AsRef<[u8]>) -> Result<u32, u16> {
        self.open_at(3, 1, path, 1, READ | WRITE, 0)
    }

    /// A vector at [`IOVECS`] of one piece at [`BUFFER`].
    fn iovec(&mut self, len: usize) -> [u64; 2] {
        let mut bytes = BUFFER.to_le_bytes().to_vec();
        bytes.extend((len as u32).to_le_bytes());
        self.put(IOVECS, &bytes);
        [u64::from(IOVECS), 1]
    }

    pub fn read(&mut self, fd: u32, len: usize) -> Result<Vec<u8>, u16> {
        let [iovs, count] = self.iovec(len);
        self.call("fd_read", &[u64::from(fd), iovs, count, u64::from(OUT)])?;
        let read = self.u32(OUT) as usize;
        Ok(self.world().get(BUFFER, read).to_vec())
    }

    pub fn pread(&mut self, fd: u32, len: usize, offset: u64) -> Result<Vec<u8>, u16> {
        let [iovs, count] = self.iovec(len);
        self.call("fd_pread", &[u64::from(fd), iovs, count, offset, u64::from(OUT)])?;
        let read = self.u32(OUT) as usize;
        Ok(self.world().get(BUFFER, read).to_vec())
    }

    pub fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u32, u16> {
        let [iovs, count] = self.iovec(bytes.len());
        self.put(BUFFER, bytes);
        self.call("fd_write", &[u64::from(fd), iovs, count, u64::from(OUT)])?;
        Ok(self.u32(OUT))
    }

    pub fn pwrite(&mut self, fd: u32, bytes: &[u8], offset: u64) -> Result<u32, u16> {
        let [iovs, count] = self.iovec(bytes.len());
        self.put(BUFFER, bytes);
        self.call("fd_pwrite", &[u64::from(fd), iovs, count, offset, u64::from(OUT)])?;
        Ok(self.u32(OUT))
    }

    pub fn seek(&mut self, fd: u32, offset: i64, whence: u32) -> Result<u64, u16> {
        let args = [u64::from(fd), offset.cast_unsigned(), u64::from(whence), u64::from(OUT)];
        self.call("fd_seek", &args)?;
        Ok(self.u64(OUT))
    }

    pub fn close(&mut self, fd: u32) -> Result<(), u16> {
        self.call("fd_close", &[u64::from(fd)])
    }

    pub fn stat(&mut self, flags: u32, path: impl AsRef<[u8]>) -> Result<Filestat, u16> {
        let [addr, len] = self.path(path);
        self.call("path_filestat_get", &[3, u64::from(flags), addr, len, u64::from(OUT)])?;
        Ok(Filestat::read(self.world(), OUT))
    }

    pub fn fstat(&mut self, fd: u32) -> Result<Filestat, u16> {
        self.call("fd_filestat_get", &[u64::from(fd), u64::from(OUT)])?;
        Ok(Filestat::read(self.world(), OUT))
    }

    pub fn fdstat(&mut self, fd: u32) -> Result<Fdstat, u16> {
        self.call("fd_fdstat_get", &[u64::from(fd), u64::from(OUT)])?;
        let world = self.world();
        let word = world.u64(OUT);
        Ok(Fdstat {
            filetype: word as u8,
            flags: (word >> 16) as u16,
            base: world.u64(OUT + 8),
            inheriting: world.u64(OUT + 16),
        })
    }

    pub fn readlink(&mut self, path: impl AsRef<[u8]>, room: u32) -> Result<Vec<u8>, u16> {
        let [addr, len] = self.path(path);
        let args = [3, addr, len, u64::from(BUFFER), u64::from(room), u64::from(OUT)];
        self.call("path_readlink", &args)?;
        let used = self.u32(OUT) as usize;
        Ok(self.world().get(BUFFER, used).to_vec())
    }

    pub fn symlink(&mut self, target: &str, path: &str) -> Result<(), u16> {
        let [target, target_len] = self.path(target);
        let [addr, len] = self.second_path(path);
        self.call("path_symlink", &[target, target_len, 3, addr, len])
    }

    pub fn rename(&mut self, old: &str, new: &str) -> Result<(), u16> {
        let [old, old_len] = self.path(old);
        let [new, new_len] = self.second_path(new);
        self.call("path_rename", &[3, old, old_len, 3, new, new_len])
    }

    pub fn link(&mut self, flags: u32, old: &str, new: &str) -> Result<(), u16> {
        let [old, old_len] = self.path(old);
        let [new, new_len] = self.second_path(new);
        self.call("path_link", &[3, u64::from(flags), old, old_len, 3, new, new_len])
    }

    /// The raw answer of `fd_readdir` with room for `room` bytes.
    pub fn readdir(&mut self, fd: u32, room: u32, cookie: u64) -> Result<Vec<u8>, u16> {
        let args = [u64::from(fd), u64::from(BUFFER), u64::from(room), cookie, u64::from(OUT)];
        // What an earlier answer left must not look like this one's.
        self.put(BUFFER, &vec![0xa5; room as usize]);
        self.call("fd_readdir", &args)?;
        let used = self.u32(OUT) as usize;
        Ok(self.world().get(BUFFER, used).to_vec())
    }

    /// The whole entries in an answer.
    pub fn entries(&mut self, fd: u32, room: u32, cookie: u64) -> Result<Vec<Dirent>, u16> {
        let bytes = self.readdir(fd, room, cookie)?;
        let mut rest = &bytes[..];
        let mut entries = Vec::new();
        while rest.len() >= 24 {
            let word = |at: usize| u64::from_le_bytes(rest[at..at + 8].try_into().unwrap());
            let len = word(16) as u32 as usize;
            if rest.len() < 24 + len {
                break;
            }
            entries.push(Dirent {
                next: word(0),
                ino: word(8),
                filetype: rest[20],
                name: String::from_utf8(rest[24..24 + len].to_vec()).unwrap(),
            });
            rest = &rest[24 + len..];
        }
        Ok(entries)
    }
}

pub const READ: u64 = 1 << 1;
pub const WRITE: u64 = 1 << 6;
/// Every right there is.
pub const ALL: u64 = (1 << 30) - 1;

/// Those of reading and writing that are given, and all that are neither: what programs ask for.
const fn and_others(rights: u64) -> u64 {
    rights | ALL & !(READ | WRITE)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filestat {
    pub dev: u64,
    pub ino: u64,
    pub filetype: u8,
    pub nlink: u64,
    pub size: u64,
    pub atim: u64,
    pub mtim: u64,
    pub ctim: u64,
}

impl Filestat {
    fn read(world: &World, addr: u32) -> Filestat {
        Filestat {
            dev: world.u64(addr),
            ino: world.u64(addr + 8),
            filetype: world.u64(addr + 16) as u8,
            nlink: world.u64(addr + 24),
            size: world.u64(addr + 32),
            atim: world.u64(addr + 40),
            mtim: world.u64(addr + 48),
            ctim: world.u64(addr + 56),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fdstat {
    pub filetype: u8,
    pub flags: u16,
    pub base: u64,
    pub inheriting: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirent {
    pub next: u64,
    pub ino: u64,
    pub filetype: u8,
    pub name: String,
}

/// A manifest being written, and its contents. Times count up from 1000 s.
#[derive(Default)]
pub struct Tree {
    pub records: Vec<u8>,
    pub contents: Vec<u8>,
    count: u32,
}

impl Tree {
    /// With a root directory.
    pub fn new() -> Tree {
        let mut tree = Tree::default();
        tree.add(0, "", RecordKind::Directory { entries: 0 });
        tree
    }

    pub fn add(&mut self, parent: u32, name: &str, kind: RecordKind<'_>) -> u32 {
        let attributes = Attributes {
            mode: 0o755,
            uid: 0,
            gid: 0,
            mtime: Timespec::new(1000 + i64::from(self.count), 5),
        };
        Record { parent, name: name.as_bytes(), attributes, kind }.encode(&mut self.records);
        self.count += 1;
        self.count - 1
    }

    pub fn dir(&mut self, parent: u32, name: &str) -> u32 {
        self.add(parent, name, RecordKind::Directory { entries: 1 })
    }

    pub fn file(&mut self, parent: u32, name: &str, contents: &[u8]) -> u32 {
        let contents_offset = self.contents.len() as u64;
        self.contents.extend_from_slice(contents);
        let len = contents.len() as u64;
        self.add(parent, name, RecordKind::Regular { contents_offset, len })
    }

    pub fn symlink(&mut self, parent: u32, name: &str, target: &str) -> u32 {
        self.add(parent, name, RecordKind::Symlink { target: target.as_bytes() })
    }
}
