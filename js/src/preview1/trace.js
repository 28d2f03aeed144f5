/**
 * The lines that a program packed with `--trace` writes about its calls.
 *
 * They come through `fd_write` to standard error like the program's own output. But the filesystem
 * writes them from a place of its own: bytes of the program's memory that it borrows for the call
 * and puts back afterwards (the adapter documents it, in the file that lends them).
 */
import { IOVEC } from "./abi.js";
import { unsigned } from "./program-memory.js";

/** @import { ProgramMemory } from "./program-memory.js" */

/** The address that the filesystem borrows from: the vector, the number of bytes, the text. */
const BORROWED = 1024;
const BORROWED_TOTAL = BORROWED + IOVEC.BYTES;
const BORROWED_TEXT = BORROWED + 16;

/** `path_open(3, ...) = 5`: a function's name, its arguments, its answer. */
const TRACED_CALL = /^[a-z0-9_@]+\(.*\) = .*\n$/;

/**
 * Returns the line, without its end, if this is a call of `fd_write` that writes one; else null.
 *
 * @param {ProgramMemory} memory
 * @param {number} vector
 * @param {number} count
 * @param {number} totalAddress
 */
export function tracedLine(memory, vector, count, totalAddress) {
  const isOneBorrowedPiece =
    unsigned(vector) === BORROWED &&
    count === 1 &&
    unsigned(totalAddress) === BORROWED_TOTAL &&
    memory.getU32(BORROWED + IOVEC.BUF) === BORROWED_TEXT;
  if (!isOneBorrowedPiece) return null;
  const text = memory.copy(BORROWED_TEXT, memory.getU32(BORROWED + IOVEC.BUF_LEN));
  const line = new TextDecoder().decode(text);
  return TRACED_CALL.test(line) ? line.slice(0, -1) : null;
}
