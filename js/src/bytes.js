/** Converts contents of any kind that JavaScript has, text or bytes, to bytes. */

/** @import { Bytes } from "../wasm-vfs.js" */

const BUFFER_TAGS = ["[object ArrayBuffer]", "[object SharedArrayBuffer]"];

/**
 * Returns the bytes of a string (as UTF-8), of a buffer, or of a view (all the bytes that it
 * covers, whatever the type of its elements). Does not copy them.
 *
 * @param {Bytes} contents
 * @param {string} what a name for the contents; the error message begins with it
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
 * Recognises buffers by their tag, because `instanceof` fails for a buffer of another realm (a
 * frame, a `node:vm` context).
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
