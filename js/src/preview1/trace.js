/**
 * Recognises the lines that a program packed with `--trace` writes about its calls.
 *
 * The filesystem writes them by `fd_write` to standard error, like the program's own output. But it
 * writes them from bytes of the program's memory that it borrows for the call and restores
 * afterwards. They are always the same bytes (the adapter calls their address `BORROWED_ADDR`).
 */
import { IOVEC } from "./abi.js";
import { unsigned } from "./program-memory.js";

/** @import { ProgramMemory } from "./program-memory.js" */

/** The address of the borrowed bytes: a vector of one piece, the number of bytes, the text. */
const BORROWED = 64;
const BORROWED_TOTAL = BORROWED + IOVEC.BYTES;
const BORROWED_TEXT = BORROWED + 16;

/** A line has a function's name, its arguments and its answer: `path_open(3, ...) = 5`. */
const TRACED_CALL = /^[a-z0-9_@]+\(.*\) = .*\n$/;

/**
 * Returns the traced line that a call of `fd_write` writes, without its line feed; null if it
 * writes something else.
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
