/** Random numbers: `random_get`, from the engine's generator for cryptography. */
import { ERRNO_SUCCESS } from "./abi.js";
import { unsigned } from "./program-memory.js";

/** @import { ProgramMemory } from "./program-memory.js" */

/** `crypto.getRandomValues` refuses to fill more than this at once. */
const MAX_RANDOM_BYTES = 65_536;

/**
 * Makes the function for random numbers.
 *
 * @param {ProgramMemory} memory
 */
export function random(memory) {
  return {
    /**
     * @param {number} address
     * @param {number} length
     */
    random_get(address, length) {
      const end = unsigned(address) + unsigned(length);
      for (let at = unsigned(address); at < end; at += MAX_RANDOM_BYTES) {
        crypto.getRandomValues(memory.bytes(at, Math.min(MAX_RANDOM_BYTES, end - at)));
      }
      return ERRNO_SUCCESS;
    },
  };
}
