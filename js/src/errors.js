/** The errors of this package, and the names of the error numbers that the filesystem returns. */

/** Error numbers, as Linux numbers them. */
export const EIO = 5;
export const ENOMEM = 12;
export const ENOSPC = 28;
export const EDQUOT = 122;

/** @type {Record<number, string>} */
const NAMES = {
  2: "ENOENT",
  [EIO]: "EIO",
  7: "E2BIG",
  [ENOMEM]: "ENOMEM",
  14: "EFAULT",
  16: "EBUSY",
  17: "EEXIST",
  18: "EXDEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  27: "EFBIG",
  [ENOSPC]: "ENOSPC",
  30: "EROFS",
  36: "ENAMETOOLONG",
  40: "ELOOP",
  84: "EILSEQ",
  95: "EOPNOTSUPP",
  [EDQUOT]: "EDQUOT",
};

/** An operation that the filesystem refused. */
export class VfsError extends Error {
  /**
   * @param {number} errno the error number, as Linux numbers it
   * @param {string} what the operation that failed; the message begins with it
   * @param {string} [code] the name of the error number
   */
  constructor(errno, what, code = NAMES[errno] ?? `error ${errno}`) {
    super(`${what}: ${code}`);
    this.name = "VfsError";
    this.errno = errno;
    this.code = code;
  }
}

/**
 * Throws an `Error` with this message unless the condition holds.
 *
 * @param {unknown} condition
 * @param {string} message
 * @returns {asserts condition}
 */
export function demand(condition, message) {
  if (!condition) throw new Error(message);
}
