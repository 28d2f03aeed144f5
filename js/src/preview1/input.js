/** The standard input of a program: text or bytes that the embedder passed, or its function. */
import { toBytes } from "../bytes.js";

/** @import { Bytes, Options } from "../../wasm-vfs.js" */

/** Reads standard input piece by piece. */
export class Input {
  /** The bytes that the program has not read yet. @type {Uint8Array} */
  #pending = new Uint8Array(0);
  /**
   * The embedder's function, which returns more bytes.
   *
   * @type {((length: number) => Bytes | null | undefined) | undefined}
   */
  #more;

  /** @param {Options["stdin"]} stdin */
  constructor(stdin) {
    if (typeof stdin === "function") {
      this.#more = stdin;
    } else {
      this.#pending = copyOf(stdin ?? "", "stdin");
    }
  }

  /**
   * Returns the next bytes, at most `length`; no bytes at the end.
   *
   * @param {number} length
   */
  read(length) {
    if (length > 0 && this.#pending.length === 0 && this.#more) {
      this.#pending = copyOf(this.#more(length) ?? "", "the result of the function for stdin");
    }
    const piece = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(piece.length);
    return piece;
  }
}

/**
 * Copies the bytes: the embedder may reuse its buffer before the program reads.
 *
 * @param {Bytes} contents
 * @param {string} what
 */
function copyOf(contents, what) {
  return toBytes(contents, what).slice();
}
