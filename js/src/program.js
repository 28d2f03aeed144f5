/**
 * `Program`: an instantiated program and its tree of files.
 *
 * `instantiate.js` and `link.js` create programs. `host-interface.js` calls the tree's functions.
 */
import { toBytes } from "./bytes.js";
import { ENOSPC, VfsError, demand } from "./errors.js";
import { HostInterface, MAX_TARGET_BYTES, STAT_NOFOLLOW } from "./host-interface.js";
import { STAT_BYTES, readChanges, readEntries, readStat } from "./records.js";

/** @import { Bytes, Change, DirEntry, Stat } from "../wasm-vfs.js" */
/** @import { Room } from "./host-interface.js" */

const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_DIRECTORY_MODE = 0o755;

/**
 * An instantiated program and its tree of files. Paths start at `/` (the slash may be left out).
 * You can call the methods for files before the program starts, after it has ended in any way, and
 * between calls of its exports. They throw a `VfsError` if the filesystem refuses the operation.
 */
export class Program {
  #tree;

  /**
   * Wraps the instance of a program.
   *
   * @param {WebAssembly.Instance} instance
   * @param {WebAssembly.Exports} [treeExports] the exports that contain the host interface; a
   *   packed program exports it itself
   */
  constructor(instance, treeExports = instance.exports) {
    this.instance = instance;
    this.#tree = new HostInterface(treeExports);
  }

  /**
   * Runs the program: calls its `_start`, or `_initialize` if it is a reactor.
   *
   * @returns {number} the exit status; 0 if the program just returned
   * @throws a trap, as the engine throws it. You can still read the tree
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
      // `proc_exit` ends the program by throwing, too.
      if (this.exitStatus === undefined) throw thrown;
    }
    return this.exitStatus ?? 0;
  }

  /**
   * The status that the program passed to `proc_exit`; undefined if it did not call it.
   *
   * @returns {number | undefined}
   */
  get exitStatus() {
    return this.#tree.exitStatus();
  }

  /**
   * Writes a file, and creates the directories above it. Replaces a file that exists.
   *
   * @param {string} path
   * @param {Bytes} contents
   * @param {number} [mode] the permissions of the file
   */
  put(path, contents, mode = DEFAULT_FILE_MODE) {
    this.#send(path, toBytes(contents, `contents of ${path}`), (room, length, offset) => {
      const operands = [...room.path, room.data, length, BigInt(offset), mode];
      const written = this.#tree.call("put", path, ...operands);
      if (written < length) throw new VfsError(ENOSPC, path);
    });
  }

  /**
   * Reads a whole file.
   *
   * @param {string} path
   * @returns {Uint8Array<ArrayBuffer>} the contents
   */
  get(path) {
    return this.#collect(path, ({ path: name, data, size }, offset) =>
      this.#tree.call("get", path, ...name, data, size, BigInt(offset)),
    );
  }

  /**
   * Lists the entries of a directory, without `.` and `..`.
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
      const filled = this.#tree.call("list", path, ...room.path, room.data, room.size, cookie);
      if (filled === 0) break;
      const piece = readEntries(this.#tree.bytes(room.data, filled).slice());
      entries.push(...piece.entries);
      cookie = piece.cookie;
    }
    return entries.filter(({ name }) => name !== "." && name !== "..");
  }

  /**
   * Reads the status of a file.
   *
   * @param {string} path
   * @param {object} [options]
   * @param {boolean} [options.follow] false: reads the status of a symbolic link itself
   * @returns {Stat}
   */
  stat(path, { follow = true } = {}) {
    const room = this.#tree.roomFor(path);
    this.#tree.call("stat", path, ...room.path, follow ? 0 : STAT_NOFOLLOW, room.data);
    return readStat(this.#tree.bytes(room.data, STAT_BYTES).slice());
  }

  /**
   * Reads the target of a symbolic link.
   *
   * @param {string} path
   * @returns {string}
   */
  readlink(path) {
    const room = this.#tree.roomFor(path);
    const operands = [...room.path, room.data, MAX_TARGET_BYTES];
    const length = this.#tree.call("readlink", path, ...operands);
    return new TextDecoder().decode(this.#tree.bytes(room.data, length).slice());
  }

  /**
   * Creates a directory, and the directories above it. Does nothing if the directory exists.
   *
   * @param {string} path
   * @param {number} [mode] the permissions of the directory
   */
  mkdir(path, mode = DEFAULT_DIRECTORY_MODE) {
    this.#tree.call("mkdir", path, ...this.#tree.roomFor(path).path, mode);
  }

  /**
   * Removes a file, or a directory and everything below it.
   *
   * @param {string} path
   */
  remove(path) {
    this.#tree.call("remove", path, ...this.#tree.roomFor(path).path);
  }

  /**
   * Unpacks an uncompressed tar archive into a directory, and creates the directory if needed.
   *
   * @param {string} path
   * @param {Bytes} archive
   */
  importTar(path, archive) {
    this.#tree.call("import_begin", path, ...this.#tree.roomFor(path).path);
    this.#takeArchive(path, toBytes(archive, "archive"));
  }

  /**
   * Packs a directory into a tar archive.
   *
   * @param {string} path
   * @returns {Uint8Array<ArrayBuffer>}
   */
  exportTar(path) {
    this.#tree.call("export_begin", path, ...this.#tree.roomFor(path).path);
    return this.#collect(path, ({ data, size }) => this.#tree.call("export", path, data, size));
  }

  /**
   * Lists what differs from the tree that was packed.
   *
   * @returns {Change[]}
   */
  changes() {
    const { data, size } = this.#tree.roomFor("");
    /** @type {Change[]} */
    const changes = [];
    let cookie = 0n;
    for (;;) {
      const filled = this.#tree.call("changes", "/", data, size, cookie);
      if (filled === 0) return changes;
      const piece = readChanges(this.#tree.bytes(data, filled).slice());
      changes.push(...piece.changes);
      cookie = piece.cookie;
    }
  }

  /**
   * Packs what differs from the tree that was packed into a layer.
   *
   * @returns {Uint8Array<ArrayBuffer>}
   */
  exportLayer() {
    this.#tree.call("export_layer_begin", "/");
    return this.#collect("/", ({ data, size }) => {
      try {
        return this.#tree.call("export", "/", data, size);
      } catch (error) {
        throw this.#withCulprit(error, data, size);
      }
    });
  }

  /**
   * Applies a layer to a directory, and creates the directory if needed.
   *
   * @param {string} path
   * @param {Bytes} layer
   */
  importLayer(path, layer) {
    this.#tree.call("import_layer_begin", path, ...this.#tree.roomFor(path).path);
    this.#takeArchive(path, toBytes(layer, "layer"));
  }

  /** Makes the tree what it was when it was packed. */
  revert() {
    this.#tree.call("revert", "/");
  }

  /**
   * Returns what differs from the tree that was packed: `restore` takes it, in any instance of the
   * same packed program.
   *
   * @returns {Uint8Array<ArrayBuffer>}
   */
  snapshot() {
    return this.exportLayer();
  }

  /**
   * Makes the tree what it was when `snapshot` was called.
   *
   * @param {Bytes} snapshot
   */
  restore(snapshot) {
    const bytes = toBytes(snapshot, "snapshot");
    this.#tree.call("check_layer_begin", "/");
    this.#takeArchive("/", bytes);
    this.revert();
    this.importLayer("/", bytes);
  }

  /**
   * Sends an archive to the import that was begun.
   *
   * @param {string} path
   * @param {Uint8Array} bytes
   */
  #takeArchive(path, bytes) {
    this.#send(path, bytes, ({ data }, length) => this.#tree.call("import", path, data, length));
    this.#tree.call("import_end", path);
  }

  /**
   * Returns an error that names what could not be exported, if the filesystem knows.
   *
   * @param {unknown} error
   * @param {number} data
   * @param {number} size
   */
  #withCulprit(error, data, size) {
    if (!(error instanceof VfsError)) return error;
    const length = this.#tree.call("culprit", "/", data, size);
    const name = new TextDecoder().decode(this.#tree.bytes(data, length).slice());
    return length === 0 ? error : new VfsError(error.errno, `export ${name}`);
  }

  /**
   * Sends bytes to the filesystem piece by piece. Without any bytes it sends one empty piece.
   *
   * @param {string} path
   * @param {Uint8Array} bytes
   * @param {(room: Room, length: number, offset: number) => void} send
   */
  #send(path, bytes, send) {
    const room = this.#tree.roomFor(path);
    let offset = 0;
    do {
      const piece = bytes.subarray(offset, offset + room.size);
      this.#tree.bytes(room.data, piece.length).set(piece);
      send(room, piece.length, offset);
      offset += piece.length;
    } while (offset < bytes.length);
  }

  /**
   * Receives bytes from the filesystem piece by piece, until an empty piece ends them.
   *
   * @param {string} path
   * @param {(room: Room, offset: number) => number} next fills the room, and returns how many bytes
   *   it stored
   * @returns {Uint8Array<ArrayBuffer>}
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
 * Joins pieces that have `total` bytes together.
 *
 * @param {Uint8Array[]} pieces
 * @param {number} total
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
