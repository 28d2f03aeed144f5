//! The host interface: how an embedder reaches the tree of a packed program, before it starts,
//! after it has ended (by returning, by `proc_exit`, by a trap), and between its calls.
//!
//! # Version 1
//!
//! Functions take and return `i32`, but for offsets and cookies, which are `i64`. An answer that is
//! negative is a Linux error number with its sign turned; `-EFAULT` says that an address or a
//! length is not within the buffer.
//!
//! Data goes through one buffer in the filesystem's memory, which the module exports as
//! `wasm_vfs_memory`. An address counts from the exported global `wasm_vfs_base`, which any call
//! may change, as any call may grow the memory: read both anew after each.
//!
//! | function | does |
//! |---|---|
//! | `wasm_vfs_version() -> version` | 1 |
//! | `wasm_vfs_allocate(len) -> address` | makes the buffer, all zeros, in place of the one before; 0: no memory, so ask for less; 12 KiB can always be had |
//! | `wasm_vfs_put(path, path_len, data, len, offset, mode) -> written` | writes to a file; at offset 0 the file is made, with its directories, or emptied, and gets `mode` |
//! | `wasm_vfs_get(path, path_len, data, len, offset) -> read` | reads from a file; 0: the end |
//! | `wasm_vfs_seek(path, path_len, offset, whence) -> offset` | where at or after an offset data begin (`whence` is 3) or a hole (4), as lseek(2); `-ENXIO`: nowhere |
//! | `wasm_vfs_list(path, path_len, data, len, cookie) -> filled` | fills in `struct linux_dirent64`s from `cookie` (at first 0, then the last `d_off`) on; 0: the end |
//! | `wasm_vfs_stat(path, path_len, flags, data) -> 0` | fills in what is in the table below; flag 0x100: of a symbolic link itself |
//! | `wasm_vfs_mkdir(path, path_len, mode) -> 0` | makes a directory, and those that it is in |
//! | `wasm_vfs_symlink(target, target_len, path, path_len) -> 0` | makes a symbolic link, and the directories that it is in |
//! | `wasm_vfs_readlink(path, path_len, data, len) -> filled` | reads a symbolic link's target, cut to `len` |
//! | `wasm_vfs_remove(path, path_len) -> 0` | removes a file, or a directory with all beneath it |
//! | `wasm_vfs_import_begin(path, path_len) -> 0` | a tar archive is to go into this directory, made if it is missing |
//! | `wasm_vfs_import_layer_begin(path, path_len) -> 0` | a layer is to go into this directory, made if it is missing |
//! | `wasm_vfs_check_layer_begin() -> 0` | a layer is to be read, and nothing changed |
//! | `wasm_vfs_import(data, len) -> 0` | the next bytes of the archive |
//! | `wasm_vfs_import_end() -> 0` | there are no more; `-EINVAL` if the archive is not complete |
//! | `wasm_vfs_export_begin(path, path_len) -> 0` | this directory is to become a tar archive |
//! | `wasm_vfs_export_layer_begin() -> 0` | what differs from the packed tree is to become a layer |
//! | `wasm_vfs_export(data, len) -> filled` | the next bytes of the archive; 0: the end; `-EBUSY`: a file with holes changed while it was written |
//! | `wasm_vfs_culprit(data, len) -> filled` | the name of the member at which the last import failed, or of what the last export could not write |
//! | `wasm_vfs_changes(data, len, cookie) -> filled` | fills in what differs from the packed tree, as below, from `cookie` (at first 0, then the last one's) on; 0: the end; `-EOVERFLOW`: for want of memory it is not known; `-EINVAL`: no room for one |
//! | `wasm_vfs_revert() -> 0` | makes the tree what it was when it was packed; `-EBUSY`: a changed file is mapped |
//! | `wasm_vfs_seal() -> 0` | makes the tree as it is the one that changes are told from; `pack --preinit` calls it; `-ENOSPC`: no memory |
//! | `wasm_vfs_exit_status() -> status` | what `proc_exit` was given, or -1 |
//!
//! What `wasm_vfs_stat` fills in, 80 bytes, little-endian:
//!
//! | at | type | what | | at | type | what |
//! |---|---|---|---|---|---|---|
//! | 0 | u64 | inode number | | 40 | i64 | access time, seconds |
//! | 8 | u64 | size in bytes | | 48 | i64 | modification time, seconds |
//! | 16 | u64 | blocks of 512 bytes | | 56 | i64 | change time, seconds |
//! | 24 | u32 | type and mode (`S_IFMT`) | | 64 | u32 | access time, nanoseconds |
//! | 28 | u32 | hard links | | 68 | u32 | modification time, nanoseconds |
//! | 32 | u32 | owner | | 72 | u32 | change time, nanoseconds |
//! | 36 | u32 | group | | 76 | u32 | 0 |
//!
//! What `wasm_vfs_changes` fills in, little-endian, a record of a multiple of 8 bytes for each change, in pre-order
//! by the bytes of the names in each directory:
//!
//! | at | type | what |
//! |---|---|---|
//! | 0 | u64 | inode number of what is there now; 0: it is gone |
//! | 8 | i64 | the cookie of the next record |
//! | 16 | u32 | bytes of this record |
//! | 20 | u8 | 1: the name is new or leads to something else; 2: it is gone; 3: it leads to the same, which differs |
//! | 21 | u8 | type (`DT_DIR` ...) of what the name led to, for 1 and 2; 0: nothing |
//! | 22 | u8 | for 1 and 2: 1 if it was renamed; for 3: in what it differs, the sum of 1 contents, 2 mode, 4 owner, 8 time, 16 attributes, 32 further names |
//! | 23 | u8 | 0 |
//! | 24 | u32 | bytes of the path |
//! | 28 | u32 | bytes of the path that it had, if it was renamed and this is the new name; else 0 |
//! | 32 | | the path, without a slash in front (the root: empty), the one that it had, zeros |
//!
//! Paths are UTF-8 and start at the root of the tree, with or without a slash. Symbolic links are
//! followed within the tree.
//!
//! # What holds
//!
//! * The embedder is a process of its own: it takes none of the program's descriptors, has none of
//!   the program's limits on rights, and its calls work when the program has used up its
//!   descriptors.
//! * The functions check arguments as preview1's functions check a program's: no argument traps.
//! * A call changes the tree as a system call does. Times of files come from the program's clock.
//! * An engine that stops a program in the middle of a call (stack exhausted, out of fuel), or a
//!   host function that throws, may leave that call's change half done. The next call works. A trap
//!   of the program's own never leaves anything half done.
//! * A host function that the filesystem itself calls (`clock_time_get`, `random_get`, and for an
//!   overlay's files `path_open`, `fd_pread`, `fd_close`) must not call back into the module. If it
//!   does, the module serves the inner call and ends the outer one with a trap. Other host
//!   functions may call back.
//! * Memory that is used up hinders nobody who reads or removes: the embedder's process, a buffer of
//!   12 KiB and the memory for an export are set aside while the tree is baked. (An export needs more
//!   than that if thousands of files have several names each: `-ENOMEM`.) What cannot be written is
//!   `-ENOSPC`, and of a file as much is there as was answered.
//! * Archives hold directories, files, hard and symbolic links, named pipes and devices. An import
//!   refuses every other member with `EOPNOTSUPP`; `wasm_vfs_culprit`
//!   names it. Members before it are there, of itself there is nothing, nor are there directories that
//!   only it needed.
//! * Archives hold extended attributes, as pax records `SCHILY.xattr.NAME`, if the program makes
//!   Linux's calls; else there are none, and an import drops them. An import drops, too, what the
//!   filesystem does not keep: namespaces but `user.`, `trusted.` and `security.`,
//!   `security.capability`, and `user.` of what is neither a file nor a directory. Records
//!   `LIBARCHIVE.xattr.NAME` are not read: libarchive writes each attribute in both forms.
//! * Archives keep holes: an export writes files with a hole of 4096 bytes or more as GNU tar's sparse
//!   members 1.0; an import knows all forms that GNU tar has written.

//!
//! # Layers
//!
//! A layer says how a directory differs from what it was: a layer of an OCI image, an uncompressed
//! tar archive of which every member takes the place of what was there before, whatever that was,
//! a directory with all that is in it. A directory stays if it is one, and gets the member's mode,
//! owner, time and attributes, and no others. An empty file `.wh.NAME` says that NAME is gone,
//! `.wh..wh..opq` that all of its directory is.
//!
//! * What is gone is what was there before the layer, in whatever order members come. What the
//!   layer itself has brought stays; a directory in which such is left, but which the layer did not
//!   bring, is as one that was made for what is in it.
//! * Of a directory that the layer has no member for nothing changes but its entries: it keeps its
//!   time.
//! * Where nothing is, nothing is gone. A whiteout leads where its directory leads, never out of
//!   the directory that the layer goes into (`EXDEV`). That one can be emptied, not removed.
//! * `EINVAL`: a whiteout of nothing (`.wh.`), of the directory itself or the one above (`.wh..`,
//!   `.wh...`), of a whiteout (`.wh..wh.x`; so what AUFS left in old layers is refused); one that
//!   is no empty file; a member that lies within one.
//! * `EISDIR`, `EEXIST`: a member of another kind in place of what the same layer has brought.
//! * What fails leaves all members before the culprit done, whole, and nothing of it or after it.
//!   Only a directory of the WASI host (`EBUSY`) can stop a removal half-way.
//! * What is exported as a layer has its members in pre-order, by the bytes of names; whiteouts of a
//!   directory come right after its own member. A new or changed thing is whole; so is a directory
//!   of the packed tree that was renamed. Equal changes make equal bytes. `EINVAL`: a name begins
//!   with `.wh.`. `EBUSY`: the tree changed while it was written. Where it is not known what
//!   differs, the layer is the whole tree, and the root is opaque.
//! * These functions were added to version 1: a program that was packed before does not export
//!   them.
//! * A path may be longer than `PATH_MAX` if the directories that it leads through are there.

mod archives;
mod buffer;
mod changes;
mod differences;
mod embedder;
mod files;
mod make;
mod remove;
mod reserve;
mod session;
mod system;
mod tar;

pub(crate) use session::prepare;

/// The version of the interface that this file documents.
const VERSION: i32 = 1;
