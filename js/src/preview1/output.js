/**
 * The output of a program: the embedder's function, or by default the output of this process under
 * Node, Bun and Deno, and elsewhere the console, line by line.
 *
 * A pipe can be non-blocking: Node makes one so as soon as anybody uses `process.stdout`. If it is
 * full, we wait. We do not leave the rest to a stream, because a stream keeps it in memory until
 * the program has ended, and reports a reader that has gone when the program no longer listens.
 */
import {
  ERRNO_AGAIN,
  ERRNO_BADF,
  ERRNO_CONNRESET,
  ERRNO_DQUOT,
  ERRNO_FBIG,
  ERRNO_IO,
  ERRNO_NOSPC,
  ERRNO_PIPE,
} from "./abi.js";
import { sleep } from "./sleep.js";

/**
 * Writes bytes, and returns how many it has written. If it throws, it has written none.
 *
 * @typedef {(bytes: Uint8Array<ArrayBuffer>) => number} Write
 */

/** @typedef {(bytes: Uint8Array<ArrayBuffer>) => unknown} Given the embedder's function */

/** The streams of a process, by descriptor. */
const NAMES = /** @type {const} */ (["stdin", "stdout", "stderr"]);

/** A full pipe is tried again after so many milliseconds, then after twice as many, ... */
const FIRST_WAIT_MS = 1;
/** ... and after so many at most. */
const LONGEST_WAIT_MS = 32;

/**
 * Up to this many bytes a pipe takes as a whole or not at all (`PIPE_BUF`: of Linux, and the least
 * that POSIX allows).
 */
const PIPE_BUF = process()?.platform === "linux" ? 4096 : 512;

/** @returns {any} Node's `process`, or what stands for it; undefined in a browser */
function process() {
  return /** @type {any} */ (globalThis).process;
}

/**
 * Returns a module of Node, without an import that browsers could not resolve. Undefined if there
 * is none, and in a thread of Node's: its streams belong to the thread that started it.
 *
 * @param {"node:fs" | "node:tty"} name
 * @returns {any}
 */
function nodeModule(name) {
  const get = process()?.getBuiltinModule;
  return get?.("node:worker_threads")?.isMainThread ? get(name) : undefined;
}

/**
 * Tells whether a stream of this process is a terminal. So is a browser's console, because programs
 * write to a terminal line by line.
 *
 * A stream of `process` is not accessed if the descriptor can be asked: the access opens it, and
 * makes a pipe non-blocking for everybody who writes to it.
 *
 * @param {number} fd
 * @returns {boolean}
 */
export function isTerminal(fd) {
  const tty = nodeModule("node:tty");
  if (tty) return tty.isatty(fd);
  const stream = process()?.[NAMES[fd]];
  return stream ? Boolean(stream.isTTY) : true;
}

/**
 * Makes the function that writes to standard output or standard error.
 *
 * @param {"stdout" | "stderr"} name
 * @param {Given | undefined} given
 * @returns {Write}
 */
export function output(name, given) {
  if (given) return inPieces(given, process() ? PIPE_BUF : Infinity);
  const fs = nodeModule("node:fs");
  const fd = NAMES.indexOf(name);
  if (fs) return patient((bytes) => fs.writeSync(fd, bytes));
  const stream = process()?.[name];
  if (stream?.write) return inPieces((bytes) => void stream.write(bytes), Infinity);
  const log = name === "stdout" ? console.log : console.error;
  return inPieces(lineWriter(log), Infinity);
}

/**
 * Makes a function that writes pieces. The embedder's function may write them to a pipe itself, and
 * throw when that is full: of a small piece it has written nothing then, so we try the piece again.
 *
 * @param {Given} given
 * @param {number} length the length of a piece
 * @returns {Write}
 */
function inPieces(given, length) {
  return patient((bytes) => {
    // The embedder may keep the piece, but need not keep a larger buffer for it.
    const isWhole = bytes.length <= length && bytes.length === bytes.buffer.byteLength;
    const piece = isWhole ? bytes : bytes.slice(0, length);
    given(piece);
    return piece.length;
  });
}

/**
 * Makes a function that writes all bytes, and waits while `write` throws `EAGAIN`.
 *
 * @param {Write} write writes some bytes, at least one
 * @returns {Write}
 */
function patient(write) {
  return (bytes) => {
    let wait = FIRST_WAIT_MS;
    for (let done = 0; done < bytes.length; ) {
      try {
        done += write(done > 0 ? bytes.subarray(done) : bytes);
        wait = FIRST_WAIT_MS;
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === ERRNO_AGAIN) {
          sleep(wait);
          wait = Math.min(2 * wait, LONGEST_WAIT_MS);
        } else if (errno !== undefined && done > 0) {
          // The program's next write meets the error again.
          return done;
        } else {
          throw error;
        }
      }
    }
    return bytes.length;
  };
}

/** The errors of writing that a program learns, by the `code` of Node's errors. */
const ERRNOS = new Map([
  ["EAGAIN", ERRNO_AGAIN],
  ["EBADF", ERRNO_BADF],
  ["ECONNRESET", ERRNO_CONNRESET],
  ["EDQUOT", ERRNO_DQUOT],
  ["EFBIG", ERRNO_FBIG],
  ["EIO", ERRNO_IO],
  ["ENOSPC", ERRNO_NOSPC],
  ["EPIPE", ERRNO_PIPE],
]);

/**
 * Returns the number of an error that an output has thrown; undefined if the program does not learn
 * it.
 *
 * @param {any} error
 * @returns {number | undefined}
 */
export function errnoOf(error) {
  return ERRNOS.get(error?.code);
}

/**
 * Makes a function that receives bytes and logs each line when it is complete.
 *
 * @param {(line: string) => void} log
 */
function lineWriter(log) {
  const decoder = new TextDecoder();
  let unfinished = "";
  return (/** @type {Uint8Array} */ bytes) => {
    const text = unfinished + decoder.decode(bytes, { stream: true });
    const lines = text.split("\n");
    unfinished = lines.pop() ?? "";
    for (const line of lines) log(line);
  };
}
