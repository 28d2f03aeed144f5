/**
 * Reads the structures that the host interface fills in: the status of a file, the entries of a
 * directory, and changes of the tree. Their integers are little-endian.
 */

/** @import { Change, DirEntry, Difference, FileType, Stat } from "../wasm-vfs.js" */

/** The size of the structure that `wasm_vfs_stat` fills in. */
export const STAT_BYTES = 80;

/** The offsets of its fields. */
const STAT = {
  /** u64 */
  INO: 0,
  SIZE: 8,
  /** u32: type and permissions, as `st_mode` has them. */
  MODE: 24,
  NLINK: 28,
  UID: 32,
  GID: 36,
  /** i64: seconds since 1970. */
  ATIME_SECONDS: 40,
  MTIME_SECONDS: 48,
  CTIME_SECONDS: 56,
  /** u32 */
  ATIME_NANOSECONDS: 64,
  MTIME_NANOSECONDS: 68,
  CTIME_NANOSECONDS: 72,
};

/** The offsets of the fields of `struct linux_dirent64`. `wasm_vfs_list` fills in a row of them. */
const DIRENT = {
  /** u64 */
  INO: 0,
  /** i64: the cookie of the next entry. */
  OFF: 8,
  /** u16: the length of this entry. */
  RECLEN: 16,
  /** u8: a file type. */
  TYPE: 18,
  /** The name, which a zero byte ends. */
  NAME: 19,
};

/** The offsets of the fields of a change. `wasm_vfs_changes` fills in a row of them. */
const CHANGE = {
  /** u64 */
  INO: 0,
  /** i64: the cookie of the next change. */
  OFF: 8,
  /** u32: the length of this record. */
  RECLEN: 16,
  /** u8: 1 added, 2 removed, 3 modified. */
  KIND: 20,
  /** u8: the type of what is gone or replaced, or 0. */
  TYPE: 21,
  /** u8: of what was modified, in what it differs; else 1 if it was renamed. */
  DETAILS: 22,
  /** u32 */
  PATH_BYTES: 24,
  FROM_BYTES: 28,
  /** The path, and after it where the file was before. */
  PATH: 32,
};

/** The numbers of kinds of changes. */
const ADDED = 1;
const REMOVED = 2;

/**
 * In what a file can differ, by the bits that say so, from the lowest on.
 *
 * @type {Difference[]}
 */
const DIFFERENCES = ["contents", "mode", "owner", "times", "xattrs", "links"];

/** The bits of a mode that are permissions. */
const MODE_PERMISSIONS = 0o7777;
/** The type of a file is in the bits of its mode from this one on. */
const MODE_TYPE_SHIFT = 12;

/**
 * File types by their numbers in directory entries (`DT_REG` ...). Modes use the same numbers.
 *
 * @type {Record<number, FileType>}
 */
const FILE_TYPES = {
  1: "fifo",
  2: "character",
  4: "directory",
  6: "block",
  8: "file",
  10: "symlink",
  12: "socket",
};

const MILLISECONDS_PER_SECOND = 1000;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/**
 * Reads directory entries. `cookie` is where the next call of `wasm_vfs_list` continues.
 *
 * @param {Uint8Array} bytes
 */
export function readEntries(bytes) {
  const view = new DataView(bytes.buffer);
  /** @type {DirEntry[]} */
  const entries = [];
  let cookie = 0n;
  for (let at = 0; at < bytes.length; at += view.getUint16(at + DIRENT.RECLEN, true)) {
    const name = bytes.subarray(at + DIRENT.NAME, bytes.indexOf(0, at + DIRENT.NAME));
    entries.push({
      name: new TextDecoder().decode(name),
      type: FILE_TYPES[view.getUint8(at + DIRENT.TYPE)],
      ino: view.getBigUint64(at + DIRENT.INO, true),
    });
    cookie = view.getBigInt64(at + DIRENT.OFF, true);
  }
  return { entries, cookie };
}

/**
 * Reads changes. `cookie` is where the next call of `wasm_vfs_changes` continues.
 *
 * @param {Uint8Array} bytes
 */
export function readChanges(bytes) {
  const view = new DataView(bytes.buffer);
  /** @type {Change[]} */
  const changes = [];
  let cookie = 0n;
  for (let at = 0; at < bytes.length; at += view.getUint32(at + CHANGE.RECLEN, true)) {
    const pathEnd = at + CHANGE.PATH + view.getUint32(at + CHANGE.PATH_BYTES, true);
    const fromEnd = pathEnd + view.getUint32(at + CHANGE.FROM_BYTES, true);
    const path = new TextDecoder().decode(bytes.subarray(at + CHANGE.PATH, pathEnd));
    const ino = view.getBigUint64(at + CHANGE.INO, true);
    const type = FILE_TYPES[view.getUint8(at + CHANGE.TYPE)];
    const details = view.getUint8(at + CHANGE.DETAILS);
    const kind = view.getUint8(at + CHANGE.KIND);
    if (kind === ADDED) {
      const from = new TextDecoder().decode(bytes.subarray(pathEnd, fromEnd));
      const renamed = details === 0 ? {} : { from };
      changes.push({ kind: "added", path, ino, ...renamed, ...(type && { replaces: type }) });
    } else if (kind === REMOVED) {
      changes.push({ kind: "removed", path, type, renamed: details !== 0 });
    } else {
      const differences = DIFFERENCES.filter((_, bit) => details & (1 << bit));
      changes.push({ kind: "modified", path, ino, differences });
    }
    cookie = view.getBigInt64(at + CHANGE.OFF, true);
  }
  return { changes, cookie };
}

/**
 * Reads the status of a file.
 *
 * @param {Uint8Array} bytes
 * @returns {Stat}
 */
export function readStat(bytes) {
  const view = new DataView(bytes.buffer);
  const mode = view.getUint32(STAT.MODE, true);
  return {
    ino: view.getBigUint64(STAT.INO, true),
    size: Number(view.getBigUint64(STAT.SIZE, true)),
    type: FILE_TYPES[mode >> MODE_TYPE_SHIFT],
    mode: mode & MODE_PERMISSIONS,
    nlink: view.getUint32(STAT.NLINK, true),
    uid: view.getUint32(STAT.UID, true),
    gid: view.getUint32(STAT.GID, true),
    atime: readTime(view, STAT.ATIME_SECONDS, STAT.ATIME_NANOSECONDS),
    mtime: readTime(view, STAT.MTIME_SECONDS, STAT.MTIME_NANOSECONDS),
    ctime: readTime(view, STAT.CTIME_SECONDS, STAT.CTIME_NANOSECONDS),
  };
}

/**
 * @param {DataView} view
 * @param {number} secondsAt
 * @param {number} nanosecondsAt
 */
function readTime(view, secondsAt, nanosecondsAt) {
  const seconds = Number(view.getBigInt64(secondsAt, true));
  const nanoseconds = view.getUint32(nanosecondsAt, true);
  const milliseconds = nanoseconds / NANOSECONDS_PER_MILLISECOND;
  return new Date(seconds * MILLISECONDS_PER_SECOND + milliseconds);
}
