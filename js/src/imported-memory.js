/**
 * Reads from a module's bytes how large the memory is that it imports.
 *
 * The JavaScript API does not report the size (`WebAssembly.Module.imports` reports names only), so
 * this file reads the import section. The engine has validated the module before, so the reader
 * does not check for malformed modules.
 */
import { toBytes } from "./bytes.js";
import { demand } from "./errors.js";

/** The size of the magic number and the version that begin a module. */
const HEADER_BYTES = 8;
const SECTION_IMPORT = 2;

/** The kinds of imports. */
const KIND_FUNCTION = 0;
const KIND_TABLE = 1;
const KIND_MEMORY = 2;
const KIND_GLOBAL = 3;
const KIND_TAG = 4;

/** Limits begin with a set of flags. 32-bit, unshared memory has the first flag or none. */
const LIMITS_HAS_MAXIMUM = 1;
const LIMITS_IS_SHARED = 2;

/** Why a program with a shared memory cannot be linked while it is instantiated. */
export const SHARED_MEMORY =
  "the program's memory is shared, and linking at run time does not change the program: " +
  "use `wasm-vfs pack`, which makes an ordinary memory of it";

/** `(ref null T)` and `(ref T)` begin with these bytes. All other types are a single number. */
const TYPE_REF_NULL = 0x63;
const TYPE_REF = 0x64;

/**
 * In LEB128 each byte has seven bits of the number, and one bit that is set if more bytes follow.
 */
const LEB128_BITS = 0x7f;
const LEB128_MORE = 0x80;

/**
 * Returns the descriptor of the memory that the module imports, for `WebAssembly.Memory`; undefined
 * if it imports none.
 *
 * @param {BufferSource} source the module
 * @returns {WebAssembly.MemoryDescriptor | undefined}
 */
export function importedMemory(source) {
  const reader = new ModuleReader(toBytes(source, "module"));
  const count = reader.enterImports();
  for (let index = 0; index < count; index++) {
    const limits = reader.nextImport();
    if (limits) return descriptor(limits);
  }
  return undefined;
}

/** @param {Limits} limits */
function descriptor({ flags, minimum, maximum }) {
  demand((flags & LIMITS_IS_SHARED) === 0, SHARED_MEMORY);
  demand(
    flags <= LIMITS_HAS_MAXIMUM,
    "the program's memory must be 32-bit, with pages of 64 KiB",
  );
  return maximum === undefined ? { initial: minimum } : { initial: minimum, maximum };
}

/**
 * The limits of a memory or table, in pages or elements.
 *
 * @typedef {{ flags: number, minimum: number, maximum: number | undefined }} Limits
 */

/** Reads a module up to the end of its imports. */
class ModuleReader {
  #bytes;
  #at = HEADER_BYTES;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** Skips the sections before the imports, and returns the number of imports. */
  enterImports() {
    while (this.#at < this.#bytes.length) {
      const section = this.#byte();
      const length = this.#number();
      if (section === SECTION_IMPORT) return this.#number();
      this.#at += length;
    }
    return 0;
  }

  /**
   * Reads the next import. Returns the limits if it is a memory.
   *
   * @returns {Limits | undefined}
   */
  nextImport() {
    this.#skipName();
    this.#skipName();
    const kind = this.#byte();
    switch (kind) {
      case KIND_FUNCTION:
        this.#number();
        return undefined;
      case KIND_TABLE:
        this.#skipType();
        this.#limits();
        return undefined;
      case KIND_MEMORY:
        return this.#limits();
      case KIND_GLOBAL:
        this.#skipType();
        this.#byte(); // whether it is mutable
        return undefined;
      case KIND_TAG:
        this.#byte(); // its attribute
        this.#number();
        return undefined;
      default:
        throw new Error(`the program has an import of an unknown kind, ${kind}`);
    }
  }

  #byte() {
    return this.#bytes[this.#at++];
  }

  /** Reads an unsigned number in LEB128. Skips a signed one: its value is wrong, and not used. */
  #number() {
    let value = 0;
    for (let scale = 1; ; scale *= LEB128_BITS + 1) {
      const byte = this.#byte();
      value += (byte & LEB128_BITS) * scale;
      if ((byte & LEB128_MORE) === 0) return value;
    }
  }

  #skipName() {
    const length = this.#number();
    this.#at += length;
  }

  #skipType() {
    const first = this.#bytes[this.#at];
    if (first === TYPE_REF_NULL || first === TYPE_REF) this.#byte();
    this.#number();
  }

  /** @returns {Limits} */
  #limits() {
    const flags = this.#number();
    const minimum = this.#number();
    const maximum = flags & LIMITS_HAS_MAXIMUM ? this.#number() : undefined;
    return { flags, minimum, maximum };
  }
}
