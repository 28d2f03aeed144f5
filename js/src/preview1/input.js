/** Where a program's standard input comes from: text or bytes that are there, or a function. */
import { toBytes } from "../bytes.js";

/** @import { Bytes, Options } from "../../wasm-vfs.js" */

/** Standard input, to be read piece by piece. */
export class Input {
  /** Bytes that are there and not read yet. @type {Uint8Array} */
  #pending = new Uint8Array(0);
  /**
   * Asks the embedder for more.
   *
   * @type {((length: number) => Bytes | null | undefined) | undefined}
   */
  #more;

  /** @param {Options["stdin"]} stdin */
  constructor(stdin) {
    if (typeof stdin === "function") {
      this.#more = stdin;
    } else {
      // A copy: the embedder may use its buffer for something else before the program reads.
      this.#pending = toBytes(stdin ?? "", "stdin").slice();
    }
  }

  /**
   * Returns the next bytes, at most `length`; none at the end.
   *
   * @param {number} length
   */
  read(length) {
    if (length > 0 && this.#pending.length === 0 && this.#more) {
      this.#pending = toBytes(this.#more(length) ?? "", "what the function for stdin returned");
    }
    const piece = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(piece.length);
    return piece;
  }
}
