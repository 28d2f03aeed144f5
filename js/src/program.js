/**
 * `Program`: a program that is instantiated, and the tree of files that belongs to it.
 *
 * `instantiate.js` and `link.js` make programs. `host-interface.js` is how the tree is reached.
 */
import { toBytes } from "./bytes.js";
import { ENOSPC, VfsError, demand } from "./errors.js";
import { HostInterface, MAX_TARGET_BYTES, PIECE_BYTES, STAT_NOFOLLOW } from "./host-interface.js";
import { STAT_BYTES, readEntries, readStat } from "./records.js";

/** @import { Bytes, DirEntry, Stat } from "../wasm-vfs.js" */
/** @import { Room } from "./host-interface.js" */

const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_DIRECTORY_MODE = 0o755;

/**
 * A packed program and the tree in it. Paths start at `/` (the slash may be left out). What the
 * tree refuses is a `VfsError`. All methods may be called before the program starts, after it has
 * ended in any way, and in between calls of its exports.
 */
export class Program {
  #tree;

  /**
   * @param {WebAssembly.Instance} instance of the program
   * @param {WebAssembly.Exports} [treeExports] the exports that are the host interface: those of
   *   the program itself if it is packed
   */
  constructor(instance, treeExports = instance.exports) {
    this.instance = instance;
    this.#tree = new HostInterface(treeExports);
  }

  /**
   * Runs the program: its `_start`, or `_initialize` if it is a reactor.
   *
   * @returns {number} the exit status; 0 if the program just returned
   * @throws a trap of the program, as the engine throws it; the tree is there all the same
   */
  start() {
    const { _start, _initialize } = this.instance.exports;
    const entry = /** @type {(() => void) | undefined} */ (_start ?? _initialize);
    demand(
      entry,
      "the program exports neither `_start` nor `_initialize`: call its exports in `instance`",
    );
    try {
      entry();
    } catch (thrown) {
      // `proc_exit` ends the program by an exception, too.
      if (this.exitStatus === undefined) throw thrown;
    }
    return this.exitStatus ?? 0;
  }

  /**
   * What the program gave to `proc_exit`; undefined if it has not ended that way.
   *
   * @returns {number | undefined}
   */
  get exitStatus() {
    return this.#tree.exitStatus();
  }

  /**
   * Writes a file, and makes the directories that it is in. A file that is there is replaced.
   *
   * @param {string} path
   * @param {Bytes} contents
   * @param {number} [mode] its permissions
   */
  put(path, contents, mode = DEFAULT_FILE_MODE) {
    this.#send(path, toBytes(contents, `contents of ${path}`), (room, length, offset) => {
      const operands = [...room.path, room.data, length, BigInt(offset), mode];
      const written = this.#tree.call("put", path, ...operands);
      if (written < length) throw new VfsError(ENOSPC, path);
    });
  }

  /**
   * Reads a file.
   *
   * @param {string} path
   * @returns {Uint8Array} its contents
   */
  get(path) {
    return this.#collect(path, ({ path: name, data }, offset) =>
      this.#tree.call("get", path, ...name, data, PIECE_BYTES, BigInt(offset)),
    );
  }

  /**
   * Lists a directory, without `.` and `..`.
   *
   * @param {string} path
   * @returns {DirEntry[]}
   */
  list(path) {
    const room = this.#tree.roomFor(path);
    /** @type {DirEntry[]} */
    const entries = [];
    let cookie = 0n;
    for (;;) {
      const filled = this.#tree.call("list", path, ...room.path, room.data, PIECE_BYTES, cookie);
      if (filled === 0) break;
      const piece = readEntries(this.#tree.bytes(room.data, filled).slice());
      entries.push(...piece.entries);
      cookie = piece.cookie;
    }
    return entries.filter(({ name }) => name !== "." && name !== "..");
  }

  /**
   * Describes a file.
   *
   * @param {string} path
   * @param {object} [options]
   * @param {boolean} [options.follow] whether a symbolic link is followed, or described itself
   * @returns {Stat}
   */
  stat(path, { follow = true } = {}) {
    const room = this.#tree.roomFor(path);
    this.#tree.call("stat", path, ...room.path, follow ? 0 : STAT_NOFOLLOW, room.data);
    return readStat(this.#tree.bytes(room.data, STAT_BYTES).slice());
  }

  /**
   * Reads a symbolic link.
   *
   * @param {string} path
   * @returns {string} its target
   */
  readlink(path) {
    const room = this.#tree.roomFor(path);
    const operands = [...room.path, room.data, MAX_TARGET_BYTES];
    const length = this.#tree.call("readlink", path, ...operands);
    return new TextDecoder().decode(this.#tree.bytes(room.data, length).slice());
  }

  /**
   * Makes a directory, and those that it is in. One that is there already will do.
   *
   * @param {string} path
   * @param {number} [mode] its permissions
   */
  mkdir(path, mode = DEFAULT_DIRECTORY_MODE) {
    this.#tree.call("mkdir", path, ...this.#tree.roomFor(path).path, mode);
  }

  /**
   * Removes a file, or a directory with all beneath it.
   *
   * @param {string} path
   */
  remove(path) {
    this.#tree.call("remove", path, ...this.#tree.roomFor(path).path);
  }

  /**
   * Unpacks a tar archive, not a compressed one, into a directory, which is made if it is missing.
   *
   * @param {string} path
   * @param {Bytes} archive
   */
  importTar(path, archive) {
    const bytes = toBytes(archive, "archive");
    this.#tree.call("import_begin", path, ...this.#tree.roomFor(path).path);
    this.#send(path, bytes, ({ data }, length) => this.#tree.call("import", path, data, length));
    this.#tree.call("import_end", path);
  }

  /**
   * Packs a directory as a tar archive.
   *
   * @param {string} path
   * @returns {Uint8Array}
   */
  exportTar(path) {
    this.#tree.call("export_begin", path, ...this.#tree.roomFor(path).path);
    return this.#collect(path, ({ data }) => this.#tree.call("export", path, data, PIECE_BYTES));
  }

  /**
   * Hands bytes to the filesystem piece by piece. Nothing is one empty piece.
   *
   * @param {string} path
   * @param {Uint8Array} bytes
   * @param {(room: Room, length: number, offset: number) => void} send
   */
  #send(path, bytes, send) {
    const room = this.#tree.roomFor(path);
    let offset = 0;
    do {
      const piece = bytes.subarray(offset, offset + PIECE_BYTES);
      this.#tree.bytes(room.data, piece.length).set(piece);
      send(room, piece.length, offset);
      offset += piece.length;
    } while (offset < bytes.length);
  }

  /**
   * Takes bytes from the filesystem piece by piece, until there are no more.
   *
   * @param {string} path
   * @param {(room: Room, offset: number) => number} next fills the room, returns how much of it
   * @returns {Uint8Array}
   */
  #collect(path, next) {
    const room = this.#tree.roomFor(path);
    const pieces = [];
    let total = 0;
    for (;;) {
      const length = next(room, total);
      if (length === 0) return concatenate(pieces, total);
      pieces.push(this.#tree.bytes(room.data, length).slice());
      total += length;
    }
  }
}

/**
 * @param {Uint8Array[]} pieces
 * @param {number} total their length
 */
function concatenate(pieces, total) {
  const whole = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
