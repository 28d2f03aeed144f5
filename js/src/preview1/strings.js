/**
 * Arguments and environment: `args_sizes_get`, `args_get`, `environ_sizes_get`, `environ_get`.
 *
 * Both are lists of strings, each with a zero byte at its end, as in C. We encode a list once, when
 * the program is instantiated.
 */
import { ERRNO_SUCCESS, POINTER_BYTES } from "./abi.js";
import { unsigned } from "./program-memory.js";

/** @import { ProgramMemory } from "./program-memory.js" */

const NUL = "\0";

/**
 * Makes the functions for arguments and environment.
 *
 * @param {readonly string[]} args the program's name first
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {ProgramMemory} memory
 * @throws {TypeError} if a string contains NUL, which would end it early
 */
export function argumentsAndEnvironment(args, env, memory) {
  const argumentList = new StringList("args", args, memory);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value ?? ""}`);
  const environment = new StringList("env", variables, memory);
  return {
    args_sizes_get: argumentList.sizesGet,
    args_get: argumentList.get,
    environ_sizes_get: environment.sizesGet,
    environ_get: environment.get,
  };
}

/** A list of strings, and the two functions by which a program reads it. */
class StringList {
  #memory;
  #strings;

  /**
   * @param {string} option the name of the option, for the error message
   * @param {readonly string[]} list
   * @param {ProgramMemory} memory
   */
  constructor(option, list, memory) {
    this.#memory = memory;
    this.#strings = list.map((text) => encodeWithNul(option, text));
  }

  /**
   * Stores the number of strings, and the number of bytes that they take together.
   *
   * @param {number} countAddress
   * @param {number} bytesAddress
   */
  sizesGet = (countAddress, bytesAddress) => {
    const bytes = this.#strings.reduce((sum, string) => sum + string.length, 0);
    this.#memory.setU32(countAddress, this.#strings.length);
    this.#memory.setU32(bytesAddress, bytes);
    return ERRNO_SUCCESS;
  };

  /**
   * Stores the strings one after the other, and an array of pointers to them.
   *
   * @param {number} pointersAddress
   * @param {number} stringsAddress
   */
  get = (pointersAddress, stringsAddress) => {
    let pointer = unsigned(pointersAddress);
    let address = unsigned(stringsAddress);
    for (const string of this.#strings) {
      this.#memory.setU32(pointer, address);
      this.#memory.store(address, string);
      pointer += POINTER_BYTES;
      address += string.length;
    }
    return ERRNO_SUCCESS;
  };
}

/**
 * Encodes a string as UTF-8 with a zero byte at its end.
 *
 * @param {string} option
 * @param {string} text
 */
function encodeWithNul(option, text) {
  const string = String(text);
  if (string.includes(NUL)) {
    throw new TypeError(`${option}: ${JSON.stringify(string)} contains NUL`);
  }
  return new TextEncoder().encode(string + NUL);
}
