//! The host interface of a packed program, over wasmtime ([`HostApi`]): how an embedder fills the
//! tree before the program starts and collects what it left behind, without any directory.
//!
//! The exports themselves are documented where they are made: `adapter/src/host_api/mod.rs`.

mod archives;
mod layer_functions;
mod layers;
mod records;

use std::io::{self, Read, Write};
use std::ops::Range;

use crate::error::{Error, ErrorKind, InnerResult, Marked as _, find as cause};
use anyhow::{Context as _, anyhow};
use wasm_vfs_core::Errno;
use wasmtime::{AsContextMut, Global, Instance, Memory, TypedFunc, WasmParams};

use layer_functions::Layers;
pub use records::{DirEntry, FileStatus};
use records::{STAT_BYTES, decode_entry, decode_status};

/// The version of the interface that this file speaks.
const VERSION: i32 = 1;

/// How much of a file or an archive goes through the buffer at a time, if the tree has the memory
/// for such a buffer; else less, down to [`PATH_BYTES`].
const PIECE_BYTES: u32 = 256 << 10;

/// `SEEK_DATA` and `SEEK_HOLE`.
const SEEK_DATA: u32 = 3;
const SEEK_HOLE: u32 = 4;

/// `AT_SYMLINK_NOFOLLOW`.
const NOFOLLOW: u32 = 0x100;

/// Bytes of a path: `PATH_MAX`.
const PATH_BYTES: u32 = 4096;

/// The tree of a packed program, as its embedder reaches it: before `_start`, after it has
/// returned, exited or trapped, and in between.
///
/// The embedder is a process of its own there, the superuser. Paths start at `/`; symbolic links
/// are followed within the tree.
///
/// ```
/// use wasm_vfs::embed::HostApi;
/// use wasm_vfs::{Errno, Packer, Program, TreeBuilder};
/// # use wasmtime::{Engine, Linker, Module, Store};
/// # use wasmtime_wasi::{WasiCtxBuilder, p1};
///
/// # let program = wat::parse_str(wasm_vfs::doc::PROGRAM)?;
/// # let packed = Packer::new(TreeBuilder::new()).pack(Program::bytes("app", program))?.to_vec()?;
/// # let engine = Engine::default();
/// # let module = Module::new(&engine, packed)?;
/// # let mut linker = Linker::new(&engine);
/// # p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
/// # let mut store = Store::new(&engine, WasiCtxBuilder::new().build_p1());
/// let instance = linker.instantiate(&mut store, &module)?;
/// let tree = HostApi::new(&mut store, &instance)?;
/// tree.put(&mut store, "/input/data.csv", 0o644, &b"a,b\n1,2\n"[..])?;
///
/// let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
/// let ended = start.call(&mut store, ());
/// // Also if it trapped.
/// let error = tree.read(&mut store, "/output/report.txt").unwrap_err();
/// assert_eq!(error.find(), Some(&Errno::ENOENT));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// When the program has used up its memory, all that reads or removes still works; what cannot be
/// written is [`Errno::ENOSPC`].
///
/// # Errors
///
/// What the filesystem refuses is an error of kind [`Filesystem`](ErrorKind::Filesystem), in which
/// [`Error::find`] finds the [`Errno`]; its text names the path. A trap, which only a limit of the
/// engine brings about, is of kind [`Run`](ErrorKind::Run).
#[derive(Clone)]
pub struct HostApi {
    memory: Memory,
    base: Global,
    allocate: TypedFunc<u32, u32>,
    put: TypedFunc<(u32, u32, u32, u32, i64, u32), i32>,
    get: TypedFunc<(u32, u32, u32, u32, i64), i32>,
    /// `None`: the program was packed before there was such a function.
    seek: Option<TypedFunc<(u32, u32, i64, u32), i64>>,
    list: TypedFunc<(u32, u32, u32, u32, i64), i32>,
    stat: TypedFunc<(u32, u32, u32, u32), i32>,
    mkdir: TypedFunc<(u32, u32, u32), i32>,
    symlink: TypedFunc<(u32, u32, u32, u32), i32>,
    readlink: TypedFunc<(u32, u32, u32, u32), i32>,
    remove: TypedFunc<(u32, u32), i32>,
    import_begin: TypedFunc<(u32, u32), i32>,
    import: TypedFunc<(u32, u32), i32>,
    import_end: TypedFunc<(), i32>,
    export_begin: TypedFunc<(u32, u32), i32>,
    export: TypedFunc<(u32, u32), i32>,
    culprit: TypedFunc<(u32, u32), i32>,
    exit_status: TypedFunc<(), i32>,
    /// `None`: the program was packed before there were any.
    layers: Option<Layers>,
}

impl std::fmt::Debug for HostApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostApi").finish_non_exhaustive()
    }
}

/// Room in the buffer of the filesystem's memory: its address, and how many bytes it has.
#[derive(Clone, Copy)]
struct Room {
    at: u32,
    len: u32,
}

impl HostApi {
    /// The interface of an instance.
    ///
    /// # Errors
    ///
    /// When it has none: it was not packed, or with `--strip-host-api`; or when it is of a version
    /// that this one does not speak.
    pub fn new(store: impl AsContextMut, instance: &Instance) -> Result<Self, Error> {
        Ok(Self::of(store, instance).of_kind(ErrorKind::Damaged)?)
    }

    fn of(mut store: impl AsContextMut, instance: &Instance) -> InnerResult<Self> {
        let mut store = store.as_context_mut();
        let Ok(version) = instance.get_typed_func::<(), i32>(&mut store, "wasm_vfs_version") else {
            let error = anyhow!(
                "it exports no host interface: it was not packed by wasm-vfs, or with \
                 --strip-host-api"
            );
            return Err(error).of_kind(ErrorKind::NotPacked);
        };
        let version = version.call(&mut store, ()).map_err(anyhow::Error::from);
        let version = version.of_kind(ErrorKind::Run)?;
        if version != VERSION {
            let error =
                anyhow!("its host interface has version {version}, this wasm-vfs speaks {VERSION}");
            return Err(error).of_kind(ErrorKind::NotPacked);
        }
        macro_rules! function {
            ($name:literal) => {
                instance.get_typed_func(&mut store, concat!("wasm_vfs_", $name))?
            };
        }
        Ok(Self {
            allocate: function!("allocate"),
            put: function!("put"),
            get: function!("get"),
            seek: instance.get_typed_func(&mut store, "wasm_vfs_seek").ok(),
            list: function!("list"),
            stat: function!("stat"),
            mkdir: function!("mkdir"),
            symlink: function!("symlink"),
            readlink: function!("readlink"),
            remove: function!("remove"),
            import_begin: function!("import_begin"),
            import: function!("import"),
            import_end: function!("import_end"),
            export_begin: function!("export_begin"),
            export: function!("export"),
            culprit: function!("culprit"),
            exit_status: function!("exit_status"),
            layers: Layers::of(&mut store, instance),
            memory: instance
                .get_memory(&mut store, "wasm_vfs_memory")
                .context("it exports no memory `wasm_vfs_memory`")?,
            base: instance
                .get_global(&mut store, "wasm_vfs_base")
                .context("it exports no global `wasm_vfs_base`")?,
        })
    }

    /// Writes a file, in place of what it held before, with these permission bits. The directories
    /// that it is in are made if they are missing. Returns how many bytes it has.
    ///
    /// # Errors
    ///
    /// When `contents` cannot be read, or the filesystem refuses. A file of which only a part could
    /// be written is left so.
    pub fn put(
        &self,
        mut store: impl AsContextMut,
        path: &str,
        mode: u32,
        mut contents: impl Read,
    ) -> Result<u64, Error> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot put `{path}` into the tree");
        let (place, data) = self.room_beside(store, path, PIECE_BYTES).with_context(text)?;
        let mut piece = vec![0; data.len as usize];
        let mut offset = 0i64;
        loop {
            let len = read_full(&mut contents, &mut piece).with_context(text)?;
            let mut left = &piece[..len];
            while !left.is_empty() || offset == 0 {
                self.write(store, data, left)?;
                let args = (place.0, place.1, data.at, narrow(left.len())?, offset, mode);
                let written = self.answer(store, &self.put, args).with_context(text)?;
                left = left.get(written as usize..).unwrap_or_default();
                offset += i64::from(written);
                if written == 0 {
                    break;
                }
            }
            if len < piece.len() {
                return Ok(offset.unsigned_abs());
            }
        }
    }

    /// Copies the contents of a file to `out`. Returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses, or `out` cannot be written.
    pub fn get(&self, store: impl AsContextMut, path: &str, out: impl Write) -> Result<u64, Error> {
        self.get_range(store, path, 0..u64::MAX, out)
    }

    /// Copies a part of a file's contents to `out`, as far as the file goes. Returns how many bytes
    /// that were.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses, or `out` cannot be written.
    pub fn get_range(
        &self,
        mut store: impl AsContextMut,
        path: &str,
        range: Range<u64>,
        mut out: impl Write,
    ) -> Result<u64, Error> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot get `{path}` from the tree");
        let (place, data) = self.room_beside(store, path, PIECE_BYTES).with_context(text)?;
        let mut at = range.start;
        while at < range.end {
            let want = u32::try_from(range.end - at).map_or(data.len, |left| left.min(data.len));
            // No file has a byte there.
            let Ok(offset) = i64::try_from(at) else { break };
            let args = (place.0, place.1, data.at, want, offset);
            let read = self.answer(store, &self.get, args).with_context(text)?;
            if read == 0 {
                break;
            }
            out.write_all(self.bytes(store, data, read)?).with_context(text)?;
            at += u64::from(read);
        }
        Ok(at.saturating_sub(range.start))
    }

    /// Where the next bytes of a file are that are no hole, at `offset` or after it; `None` if only
    /// a hole is left, or nothing. In a program that an earlier wasm-vfs packed no file has holes.
    ///
    /// ```
    /// # use wasm_vfs::embed::HostApi;
    /// # use wasm_vfs::Error;
    /// /// How many bytes of a file are no hole.
    /// fn data(
    ///     tree: &HostApi,
    ///     mut store: impl wasmtime::AsContextMut,
    ///     path: &str,
    /// ) -> Result<u64, Error> {
    ///     let (mut at, mut data) = (0, 0);
    ///     while let Some(run) = tree.next_data(&mut store, path, at)? {
    ///         data += run.end - run.start;
    ///         at = run.end;
    ///     }
    ///     Ok(data)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When the filesystem refuses.
    pub fn next_data(
        &self,
        mut store: impl AsContextMut,
        path: &str,
        offset: u64,
    ) -> Result<Option<Range<u64>>, Error> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot look for holes in `{path}` of the tree");
        let Some(seek) = &self.seek else {
            let size = self.stat(&mut *store, path)?.size;
            return Ok((offset < size).then_some(offset..size));
        };
        let (place, _) = self.room_beside(store, path, 0).with_context(text)?;
        let mut find = |offset: u64, whence| {
            let Ok(offset) = i64::try_from(offset) else { return Ok(None) };
            let args = (place.0, place.1, offset, whence);
            let found = seek.call(store.as_context_mut(), args).map_err(anyhow::Error::from);
            match decode_answer(found.of_kind(ErrorKind::Run)?) {
                Err(error) if cause(&error) == Some(&Errno::ENXIO) => Ok(None),
                found => found.map(Some),
            }
        };
        let Some(start) = find(offset, SEEK_DATA).with_context(text)? else { return Ok(None) };
        let end = find(start, SEEK_HOLE).with_context(text)?;
        Ok(end.map(|end| start..end))
    }

    /// The contents of a file.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses.
    pub fn read(&self, store: impl AsContextMut, path: &str) -> Result<Vec<u8>, Error> {
        let mut contents = Vec::new();
        self.get(store, path, &mut contents)?;
        Ok(contents)
    }

    /// The entries of a directory but for `.` and `..`, in the order in which they were added.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses.
    pub fn list(&self, mut store: impl AsContextMut, path: &str) -> Result<Vec<DirEntry>, Error> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot list `{path}` of the tree");
        let (place, data) = self.room_beside(store, path, PIECE_BYTES).with_context(text)?;
        let mut entries = Vec::new();
        let mut cookie = 0;
        loop {
            let args = (place.0, place.1, data.at, data.len, cookie);
            let filled = self.answer(store, &self.list, args).with_context(text)?;
            if filled == 0 {
                return Ok(entries);
            }
            let mut rest = self.bytes(store, data, filled)?;
            while !rest.is_empty() {
                let (entry, next, after) = decode_entry(rest).with_context(text)?;
                cookie = next;
                rest = after;
                if !matches!(entry.name.as_str(), "." | "..") {
                    entries.push(entry);
                }
            }
        }
    }

    /// What a file is; a symbolic link is followed.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses.
    pub fn stat(&self, store: impl AsContextMut, path: &str) -> Result<FileStatus, Error> {
        Ok(self.stat_with(store, path, 0)?)
    }

    /// [`stat`](Self::stat), but of a symbolic link itself.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses.
    pub fn lstat(&self, store: impl AsContextMut, path: &str) -> Result<FileStatus, Error> {
        Ok(self.stat_with(store, path, NOFOLLOW)?)
    }

    fn stat_with(
        &self,
        mut store: impl AsContextMut,
        path: &str,
        flags: u32,
    ) -> InnerResult<FileStatus> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot look at `{path}` of the tree");
        let (place, data) = self.room_beside(store, path, STAT_BYTES).with_context(text)?;
        let args = (place.0, place.1, flags, data.at);
        self.answer(store, &self.stat, args).with_context(text)?;
        Ok(decode_status(self.bytes(store, data, STAT_BYTES)?))
    }

    /// Makes a directory and those that it is in. One that is there already is left as it is.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses.
    pub fn create_dir_all(
        &self,
        mut store: impl AsContextMut,
        path: &str,
        mode: u32,
    ) -> Result<(), Error> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot make the directory `{path}` in the tree");
        let (place, _) = self.room_beside(store, path, 0).with_context(text)?;
        self.answer(store, &self.mkdir, (place.0, place.1, mode)).with_context(text)?;
        Ok(())
    }

    /// Makes a symbolic link at `path`, and the directories that it is in.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses.
    pub fn symlink(
        &self,
        mut store: impl AsContextMut,
        target: &str,
        path: &str,
    ) -> Result<(), Error> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot make the symbolic link `{path}` in the tree");
        let target_len = narrow(target.len())?;
        let (place, data) = self.room_of(store, path, target_len).with_context(text)?;
        self.write(store, data, target.as_bytes())?;
        let args = (data.at, target_len, place.0, place.1);
        self.answer(store, &self.symlink, args).with_context(text)?;
        Ok(())
    }

    /// The target of a symbolic link.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses.
    pub fn read_link(&self, mut store: impl AsContextMut, path: &str) -> Result<String, Error> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot read the symbolic link `{path}` of the tree");
        // A packed link's target may be longer than any that is made here.
        let len = self.lstat(&mut *store, path)?.size;
        let len = u32::try_from(len).unwrap_or(PATH_BYTES).max(1);
        let (place, data) = self.room_of(store, path, len).with_context(text)?;
        let args = (place.0, place.1, data.at, len);
        let filled = self.answer(store, &self.readlink, args).with_context(text)?;
        Ok(String::from_utf8_lossy(self.bytes(store, data, filled)?).into_owned())
    }

    /// Removes a file, or a directory with all beneath it. Of a symbolic link only the link goes.
    ///
    /// # Errors
    ///
    /// When the filesystem refuses. Some of what is beneath a directory may be gone then.
    pub fn remove(&self, mut store: impl AsContextMut, path: &str) -> Result<(), Error> {
        let store = &mut store.as_context_mut();
        let text = || format!("cannot remove `{path}` from the tree");
        let (place, _) = self.room_beside(store, path, 0).with_context(text)?;
        self.answer(store, &self.remove, place).with_context(text)?;
        Ok(())
    }

    /// What the program gave to `proc_exit`; `None` if it has not called it.
    ///
    /// # Errors
    ///
    /// Only wasmtime's own.
    pub fn exit_status(&self, mut store: impl AsContextMut) -> Result<Option<i32>, Error> {
        let status = self.exit_status.call(store.as_context_mut(), ()).map_err(anyhow::Error::from);
        let status = status.of_kind(ErrorKind::Run)?;
        Ok((status != -1).then_some(status))
    }

    /// Gives the buffer back, with nothing in it: for a snapshot of the memory.
    pub(crate) fn clear_buffer(&self, mut store: impl AsContextMut) -> InnerResult<()> {
        let store = &mut store.as_context_mut();
        for len in [PIECE_BYTES, PATH_BYTES] {
            self.room_beside(store, "", len)?;
        }
        Ok(())
    }

    /// Room for a path, which is put there, and behind it for `len` bytes or fewer, as memory goes,
    /// but for [`PATH_BYTES`] at least: where the path is, how long, and where they are.
    fn room_beside(
        &self,
        store: &mut impl AsContextMut,
        path: &str,
        len: u32,
    ) -> InnerResult<((u32, u32), Room)> {
        let path_len = narrow(path.len())?;
        let mut len = len.max(PATH_BYTES);
        loop {
            let all = path_len.checked_add(len).context(Errno::ENOMEM);
            let all = all.of_kind(ErrorKind::Filesystem)?;
            let at = self.allocate.call(store.as_context_mut(), all).map_err(anyhow::Error::from);
            let at = at.of_kind(ErrorKind::Run)?;
            if at != 0 {
                self.write(store, Room { at, len: path_len }, path.as_bytes())?;
                return Ok(((at, path_len), Room { at: at + path_len, len }));
            }
            if len == PATH_BYTES {
                return Err(anyhow::Error::new(Errno::ENOMEM)).of_kind(ErrorKind::Filesystem);
            }
            len = (len / 2).max(PATH_BYTES);
        }
    }

    /// [`room_beside`](Self::room_beside) of `len` bytes and no fewer.
    fn room_of(
        &self,
        store: &mut impl AsContextMut,
        path: &str,
        len: u32,
    ) -> InnerResult<((u32, u32), Room)> {
        let (place, room) = self.room_beside(store, path, len)?;
        if room.len < len {
            return Err(anyhow::Error::new(Errno::ENOMEM)).of_kind(ErrorKind::Filesystem);
        }
        Ok((place, room))
    }

    /// Calls a function; a negative answer is an error.
    fn answer<P: WasmParams>(
        &self,
        store: &mut impl AsContextMut,
        function: &TypedFunc<P, i32>,
        args: P,
    ) -> InnerResult<u32> {
        let answer = function.call(store.as_context_mut(), args).map_err(anyhow::Error::from);
        let answer = answer.of_kind(ErrorKind::Run)?;
        narrow(usize::try_from(decode_answer(answer.into())?)?)
    }

    /// Where in the memory an address is now.
    fn offset(&self, store: &mut impl AsContextMut, room: Room) -> InnerResult<usize> {
        let base = self.base.get(store.as_context_mut()).i32();
        let base = base.context("`wasm_vfs_base` is no i32")?.cast_unsigned();
        Ok(base as usize + room.at as usize)
    }

    fn write(&self, store: &mut impl AsContextMut, room: Room, bytes: &[u8]) -> InnerResult<()> {
        let offset = self.offset(store, room)?;
        self.memory.write(store.as_context_mut(), offset, bytes)?;
        Ok(())
    }

    fn bytes<'s>(
        &self,
        store: &'s mut impl AsContextMut,
        room: Room,
        len: u32,
    ) -> InnerResult<&'s [u8]> {
        let offset = self.offset(store, room)?;
        let bytes = self.memory.data_mut(store.as_context_mut());
        let bytes = bytes.get(offset..).and_then(|bytes| bytes.get(..len as usize));
        bytes.context("the host interface answered more than there is")
    }
}

/// What a function answered; a negative number is an error.
fn decode_answer(answer: i64) -> InnerResult<u64> {
    let value = u64::try_from(answer).map_err(|_| {
        let errno = u16::try_from(answer.unsigned_abs()).ok().and_then(Errno::from_number);
        match errno {
            Some(errno) => anyhow::Error::new(errno),
            None => anyhow!("error number {}", answer.unsigned_abs()),
        }
    });
    value.of_kind(ErrorKind::Filesystem)
}

/// A length as the interface takes it.
fn narrow(len: usize) -> InnerResult<u32> {
    u32::try_from(len).ok().context(Errno::ENAMETOOLONG).of_kind(ErrorKind::Filesystem)
}

/// Reads until `buffer` is full or the end is reached.
fn read_full(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
