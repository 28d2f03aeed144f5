/**
 * The WASI host of a program: it answers the imports of preview 1 that a packed program still has.
 * The filesystem in the program serves all files, so nothing here does.
 *
 * `abi.js` has the numbers, `program-memory.js` reads and writes the program's memory, and the
 * other files make the functions, a file for each kind.
 */
import { ERRNO_NOSYS } from "./abi.js";
import { clocks } from "./clocks.js";
import { ProgramMemory } from "./program-memory.js";
import { random } from "./random.js";
import { streams } from "./streams.js";
import { argumentsAndEnvironment } from "./strings.js";

/** @import { Options } from "../../wasm-vfs.js" */

/** Programs import the functions from this module. */
export const PREVIEW1 = "wasi_snapshot_preview1";

const DEFAULT_ARGS = ["program"];

/**
 * Makes the functions that modules import from preview 1. A function of the embedder replaces ours.
 * A function that neither has answers `ERRNO_NOSYS`.
 *
 * @param {Options} options
 * @param {() => ArrayBuffer} currentBuffer returns the current buffer of the program's memory
 * @param {WebAssembly.Module[]} modules
 * @returns {Record<string, Function>}
 */
export function preview1(options, currentBuffer, modules) {
  const memory = new ProgramMemory(currentBuffer);
  /** @type {Record<string, any>} */
  const functions = {
    ...argumentsAndEnvironment(options.args ?? DEFAULT_ARGS, options.env ?? {}, memory),
    ...clocks(memory),
    ...random(memory),
    ...streams(options, memory),
    proc_exit: exit,
    ...options.imports?.[PREVIEW1],
  };
  for (const { name } of modules.flatMap((module) => WebAssembly.Module.imports(module))) {
    functions[name] ??= notImplemented;
  }
  return functions;
}

/**
 * Ends the program by throwing. The filesystem has stored the status; `Program.start` reads it
 * there.
 *
 * @param {number} status
 * @returns {never}
 */
function exit(status) {
  throw new Error(`exit status ${status}`);
}

function notImplemented() {
  return ERRNO_NOSYS;
}
