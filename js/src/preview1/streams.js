/**
 * The standard streams, descriptors 0 to 2: `fd_read`, `fd_write` and the other functions that the
 * filesystem calls for them. `input.js` is the source of bytes, `output.js` the destination.
 *
 * The filesystem serves all other descriptors itself, so these functions answer `ERRNO_BADF` there.
 */
import {
  ERRNO_BADF,
  ERRNO_SPIPE,
  ERRNO_SUCCESS,
  FDSTAT,
  FILESTAT,
  FILETYPE_CHARACTER_DEVICE,
  FILETYPE_UNKNOWN,
  IOVEC,
  RIGHTS_FD_READ,
  RIGHTS_FD_WRITE,
  RIGHTS_POLL_FD_READWRITE,
  STDERR,
  STDIN,
  STDOUT,
} from "./abi.js";
import { Input } from "./input.js";
import { errnoOf, isTerminal, output } from "./output.js";
import { unsigned } from "./program-memory.js";
import { tracedLine } from "./trace.js";

/** @import { Options } from "../../wasm-vfs.js" */
/** @import { Write } from "./output.js" */
/** @import { ProgramMemory } from "./program-memory.js" */

/**
 * Makes the functions of descriptors.
 *
 * @param {Options} options
 * @param {ProgramMemory} memory
 */
export function streams({ stdin, stdout, stderr, trace }, memory) {
  const input = new Input(stdin);
  const writeStdout = output("stdout", stdout);
  const writeStderr = output("stderr", stderr);

  /**
   * Writes one vector to standard output or standard error. If no byte could be written, answers
   * the number of the error.
   *
   * @param {Write} write
   * @param {number} vector
   * @param {number} count
   * @param {number} totalAddress
   */
  function writeVector(write, vector, count, totalAddress) {
    let failure = ERRNO_SUCCESS;
    const answer = transfer(memory, vector, count, totalAddress, (address, length) => {
      try {
        return write(memory.copy(address, length));
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === undefined) throw error;
        failure = errno;
        return 0;
      }
    });
    return memory.getU32(totalAddress) === 0 ? failure : answer;
  }

  /**
   * Makes a function that fills in the type of a stream.
   *
   * @param {{ BYTES: number }} layout
   * @param {(fd: number, address: number) => void} fill
   */
  function statFunction(layout, fill) {
    return onStandardStream((fd, address) => {
      const at = unsigned(address);
      memory.clear(at, layout.BYTES);
      fill(fd, at);
      return ERRNO_SUCCESS;
    });
  }

  /** @param {number} fd */
  function fileTypeOf(fd) {
    return fileType(fd, [stdin, stdout, stderr][fd]);
  }

  return {
    fd_close: onStandardStream(() => ERRNO_SUCCESS),

    fd_fdstat_get: statFunction(FDSTAT, (fd, at) => {
      const direction = fd === STDIN ? RIGHTS_FD_READ : RIGHTS_FD_WRITE;
      memory.setU8(at + FDSTAT.FS_FILETYPE, fileTypeOf(fd));
      memory.setU64(at + FDSTAT.FS_RIGHTS_BASE, direction | RIGHTS_POLL_FD_READWRITE);
    }),

    fd_filestat_get: statFunction(FILESTAT, (fd, at) => {
      memory.setU8(at + FILESTAT.FILETYPE, fileTypeOf(fd));
    }),

    fd_seek: onStandardStream(() => ERRNO_SPIPE),

    /**
     * @param {number} fd
     * @param {number} vector
     * @param {number} count
     * @param {number} totalAddress
     */
    fd_read(fd, vector, count, totalAddress) {
      if (fd !== STDIN) return ERRNO_BADF;
      return transfer(memory, vector, count, totalAddress, (address, length) => {
        const piece = input.read(length);
        memory.store(address, piece);
        return piece.length;
      });
    },

    /**
     * @param {number} fd
     * @param {number} vector
     * @param {number} count
     * @param {number} totalAddress
     */
    fd_write(fd, vector, count, totalAddress) {
      if (fd === STDOUT) return writeVector(writeStdout, vector, count, totalAddress);
      if (fd !== STDERR) return ERRNO_BADF;
      const line = trace && tracedLine(memory, vector, count, totalAddress);
      if (!line) return writeVector(writeStderr, vector, count, totalAddress);
      return transfer(memory, vector, count, totalAddress, (_, length) => {
        trace(line);
        return length;
      });
    },
  };
}

/**
 * Makes a function that answers `ERRNO_BADF` for descriptors other than the standard streams.
 *
 * @param {(fd: number, address: number) => number} call
 */
function onStandardStream(call) {
  return (/** @type {number} */ fd, /** @type {number} */ address) => {
    const isStandard = fd >= STDIN && fd <= STDERR;
    return isStandard ? call(fd, address) : ERRNO_BADF;
  };
}

/**
 * Returns the type of a stream. A terminal is a character device. A stream that the embedder serves
 * is not a terminal, unless the embedder's function has a property `isTTY`.
 *
 * @param {number} fd
 * @param {unknown} given the embedder's option for this stream, if any
 */
function fileType(fd, given) {
  const isTTY = given ? /** @type {{ isTTY?: boolean }} */ (given).isTTY : isTerminal(fd);
  return isTTY ? FILETYPE_CHARACTER_DEVICE : FILETYPE_UNKNOWN;
}

/**
 * Transfers the pieces of a vector in order, and stops after a piece that is transferred in part.
 * Stores the number of bytes.
 *
 * @param {ProgramMemory} memory
 * @param {number} vector the address of an array of `iovec`s
 * @param {number} count
 * @param {number} totalAddress
 * @param {(address: number, length: number) => number} move transfers one piece, and returns the
 *   number of bytes
 */
function transfer(memory, vector, count, totalAddress, move) {
  const end = unsigned(vector) + unsigned(count) * IOVEC.BYTES;
  let total = 0;
  for (let piece = unsigned(vector); piece < end; piece += IOVEC.BYTES) {
    const length = memory.getU32(piece + IOVEC.BUF_LEN);
    const moved = move(memory.getU32(piece + IOVEC.BUF), length);
    total += moved;
    if (moved < length) break;
  }
  memory.setU32(totalAddress, total);
  return ERRNO_SUCCESS;
}
