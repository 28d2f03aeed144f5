/**
 * The host interface of a packed program, version 1: the functions `wasm_vfs_*` that it exports,
 * and the one buffer through which data goes to them and back.
 *
 * The adapter's source documents the interface (`adapter/src/host_api/mod.rs`). `records.js` reads
 * what it fills in; `program.js` makes of it what embedders call. Addresses here count from the
 * exported global `wasm_vfs_base`.
 */
import { ENOMEM, VfsError, demand } from "./errors.js";

const VERSION = 1;

/** How much data the buffer holds beside a path: files and archives go through in such pieces. */
export const PIECE_BYTES = 256 * 1024;

/** What `wasm_vfs_exit_status` returns when `proc_exit` was not called. */
const NOT_EXITED = -1;

/** The flag of `wasm_vfs_stat` by which a symbolic link itself is meant. */
export const STAT_NOFOLLOW = 0x100;

/** The longest target of a symbolic link. */
export const MAX_TARGET_BYTES = 4096;

/**
 * The buffer, made for one call or a row of them: a path, and room for `PIECE_BYTES` behind it.
 *
 * @typedef {object} Room
 * @property {[address: number, length: number]} path
 * @property {number} data the address of the room
 */

/** The exports of a packed program, or of the filesystem that it is linked with. */
export class HostInterface {
  /** @type {any} */
  #exports;

  /**
   * @param {WebAssembly.Exports} exports
   * @throws {Error} if the interface is missing or of another version
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
   * @param {string} path what the call is about, for the error message
   * @param {...(number | bigint)} operands
   * @returns {number}
   * @throws {VfsError} if the answer is an error number
   */
  call(name, path, ...operands) {
    const answer = this.#exports[`wasm_vfs_${name}`](...operands);
    if (answer < 0) throw new VfsError(-answer, `${name} ${path}`);
    return answer;
  }

  /**
   * Makes the buffer anew and stores a path in it.
   *
   * @param {string} path
   * @returns {Room}
   */
  roomFor(path) {
    if (typeof path !== "string") throw new TypeError(`a path is a string, not ${String(path)}`);
    const encoded = new TextEncoder().encode(path);
    const address = this.#exports.wasm_vfs_allocate(encoded.length + PIECE_BYTES) >>> 0;
    if (address === 0) throw new VfsError(ENOMEM, path);
    this.bytes(address, encoded.length).set(encoded);
    return { path: [address, encoded.length], data: address + encoded.length };
  }

  /**
   * Returns a view of the buffer, good until the next call: any call may move the filesystem or
   * grow its memory.
   *
   * @param {number} address
   * @param {number} length
   */
  bytes(address, length) {
    const { wasm_vfs_memory: memory, wasm_vfs_base: base } = this.#exports;
    return new Uint8Array(memory.buffer, (base.value >>> 0) + address, length);
  }

  /** Returns what the program gave to `proc_exit`, or undefined. */
  exitStatus() {
    const status = this.#exports.wasm_vfs_exit_status();
    return status === NOT_EXITED ? undefined : status;
  }
}
