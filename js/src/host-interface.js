/**
 * The host interface of a packed program, version 1: the exported functions `wasm_vfs_*`, and the
 * buffer that carries data to them and back.
 *
 * The adapter's source documents the interface (`adapter/src/host_api/mod.rs`). `records.js` reads
 * the structures that it fills in; `program.js` builds the embedder's methods on it. Addresses in
 * this file count from the exported global `wasm_vfs_base`.
 */
import { ENOMEM, VfsError, demand } from "./errors.js";

const VERSION = 1;

/**
 * The buffer holds a path and this many bytes, or fewer if the filesystem has no memory for that.
 * Files and archives go through it in such pieces.
 */
const PIECE_BYTES = 256 * 1024;

/** The buffer holds at least this many bytes besides the path. The filesystem always has them. */
const LEAST_PIECE_BYTES = 4096;

/** `wasm_vfs_exit_status` returns this if the program did not call `proc_exit`. */
const NOT_EXITED = -1;

/** With this flag `wasm_vfs_stat` does not follow a symbolic link (`AT_SYMLINK_NOFOLLOW`). */
export const STAT_NOFOLLOW = 0x100;

/** The longest target that a symbolic link can have (`PATH_MAX`). */
export const MAX_TARGET_BYTES = 4096;

/**
 * The buffer for one operation: a path, and room for a piece behind it.
 *
 * @typedef {object} Room
 * @property {[address: number, length: number]} path
 * @property {number} data the address of the room
 * @property {number} size the size of the room in bytes
 */

/** The exports of a packed program, or of the filesystem that it is linked with. */
export class HostInterface {
  /** @type {any} */
  #exports;

  /**
   * @param {WebAssembly.Exports} exports
   * @throws {Error} if the exports have no host interface, or one of another version
   */
  constructor(exports) {
    this.#exports = exports;
    demand(
      this.#exports.wasm_vfs_version?.() === VERSION,
      "it exports no host interface of version 1 (--strip-host-api?)",
    );
  }

  /**
   * Calls `wasm_vfs_NAME` and returns its answer.
   *
   * @param {string} name
   * @param {string} path the path that the call is about, for the error message
   * @param {...(number | bigint)} operands
   * @returns {number}
   * @throws {VfsError} if the answer is an error number
   * @throws {Error} if the program was packed before there was such a function
   */
  call(name, path, ...operands) {
    const exported = this.#exports[`wasm_vfs_${name}`];
    demand(
      exported,
      `it does not export wasm_vfs_${name}: it was packed by an earlier wasm-vfs, so pack it again`,
    );
    const answer = exported(...operands);
    if (answer < 0) throw new VfsError(-answer, `${name} ${path}`);
    return answer;
  }

  /**
   * Allocates the buffer anew, as large as memory allows, and stores a path in it.
   *
   * @param {string} path
   * @returns {Room}
   */
  roomFor(path) {
    if (typeof path !== "string") throw new TypeError(`a path is a string, not ${String(path)}`);
    const encoded = new TextEncoder().encode(path);
    for (let size = PIECE_BYTES; size >= LEAST_PIECE_BYTES; size /= 2) {
      const address = this.#exports.wasm_vfs_allocate(encoded.length + size) >>> 0;
      if (address === 0) continue;
      this.bytes(address, encoded.length).set(encoded);
      return { path: [address, encoded.length], data: address + encoded.length, size };
    }
    throw new VfsError(ENOMEM, path);
  }

  /**
   * Returns a view of the buffer. It is valid until the next call, because every call may move the
   * filesystem or grow its memory.
   *
   * @param {number} address
   * @param {number} length
   */
  bytes(address, length) {
    const { wasm_vfs_memory: memory, wasm_vfs_base: base } = this.#exports;
    return new Uint8Array(memory.buffer, (base.value >>> 0) + address, length);
  }

  /** Returns the status that the program passed to `proc_exit`, or undefined. */
  exitStatus() {
    const status = this.#exports.wasm_vfs_exit_status();
    return status === NOT_EXITED ? undefined : status;
  }
}
