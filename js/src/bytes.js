/** Contents as JavaScript has them, text or bytes of any kind, as the bytes that they mean. */

/** @import { Bytes } from "../wasm-vfs.js" */

const BUFFER_TAGS = ["[object ArrayBuffer]", "[object SharedArrayBuffer]"];

/**
 * Returns the bytes of a string (as UTF-8), a buffer, or a view of one (all its bytes, whatever the
 * type of its elements). Bytes are not copied.
 *
 * @param {Bytes} contents
 * @param {string} what the contents are, for the error message
 * @returns {Uint8Array}
 * @throws {TypeError} for anything else
 */
export function toBytes(contents, what) {
  if (typeof contents === "string") return new TextEncoder().encode(contents);
  if (ArrayBuffer.isView(contents)) {
    return new Uint8Array(contents.buffer, contents.byteOffset, contents.byteLength);
  }
  if (isBuffer(contents)) return new Uint8Array(contents);
  const expected = "a string, an ArrayBuffer, a typed array or a DataView";
  throw new TypeError(`${what}: expected ${expected}, got ${nameOf(contents)}`);
}

/**
 * Tells buffers by their tag: one from another realm (a frame, a `node:vm` context) is no
 * `instanceof` ours.
 *
 * @param {unknown} value
 * @returns {value is ArrayBuffer}
 */
function isBuffer(value) {
  return BUFFER_TAGS.includes(Object.prototype.toString.call(value));
}

/** @param {unknown} value */
function nameOf(value) {
  if (typeof value !== "object" || value === null) return String(value);
  return value.constructor?.name ?? "an object";
}
