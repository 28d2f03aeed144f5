/**
 * Reads and writes the memory of a program for the functions of preview 1.
 *
 * WebAssembly hands its `i32`s to JavaScript as signed numbers, so an address above 2 GiB arrives
 * as a negative number. The methods here take addresses and lengths as they arrive and read them as
 * unsigned numbers. They throw a `RangeError` for what lies outside the memory.
 */

/**
 * Reads an `i32` as the unsigned number that preview 1 means.
 *
 * @param {number} i32
 * @returns {number} from 0 to 2 ** 32 - 1
 */
export function unsigned(i32) {
  return i32 >>> 0;
}

/** The memory of a program. */
export class ProgramMemory {
  #currentBuffer;

  /**
   * @param {() => ArrayBuffer} currentBuffer returns the current buffer of the memory, which
   *   changes when the memory grows
   */
  constructor(currentBuffer) {
    this.#currentBuffer = currentBuffer;
  }

  /**
   * Returns a view of `length` bytes. It is valid until the program or the filesystem runs again.
   *
   * @param {number} address
   * @param {number} length
   */
  bytes(address, length) {
    return new Uint8Array(this.#currentBuffer(), unsigned(address), unsigned(length));
  }

  /**
   * Returns a copy of `length` bytes.
   *
   * @param {number} address
   * @param {number} length
   */
  copy(address, length) {
    return this.bytes(address, length).slice();
  }

  /**
   * Stores bytes.
   *
   * @param {number} address
   * @param {Uint8Array} bytes
   */
  store(address, bytes) {
    this.bytes(address, bytes.length).set(bytes);
  }

  /**
   * Stores `length` zeros.
   *
   * @param {number} address
   * @param {number} length
   */
  clear(address, length) {
    this.bytes(address, length).fill(0);
  }

  /** @param {number} address */
  getU8(address) {
    return this.#view().getUint8(unsigned(address));
  }

  /** @param {number} address */
  getU16(address) {
    return this.#view().getUint16(unsigned(address), true);
  }

  /** @param {number} address */
  getU32(address) {
    return this.#view().getUint32(unsigned(address), true);
  }

  /** @param {number} address */
  getU64(address) {
    return this.#view().getBigUint64(unsigned(address), true);
  }

  /**
   * @param {number} address
   * @param {number} value
   */
  setU8(address, value) {
    this.#view().setUint8(unsigned(address), value);
  }

  /**
   * @param {number} address
   * @param {number} value
   */
  setU32(address, value) {
    this.#view().setUint32(unsigned(address), value, true);
  }

  /**
   * @param {number} address
   * @param {bigint} value
   */
  setU64(address, value) {
    this.#view().setBigUint64(unsigned(address), value, true);
  }

  #view() {
    return new DataView(this.#currentBuffer());
  }
}
