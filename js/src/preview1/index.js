/**
 * WASI preview 1 for a program whose files are its own: what a packed program still asks of its
 * host. The filesystem in it answers everything about files, so there is nothing of them here.
 *
 * `abi.js` has the numbers, `program-memory.js` reads and writes the program's memory, and each of
 * the other files makes the functions of one kind.
 */
import { ERRNO_NOSYS } from "./abi.js";
import { clocks } from "./clocks.js";
import { ProgramMemory } from "./program-memory.js";
import { random } from "./random.js";
import { streams } from "./streams.js";
import { argumentsAndEnvironment } from "./strings.js";

/** @import { Options } from "../../wasm-vfs.js" */

/** The name of the module that programs import these functions from. */
export const PREVIEW1 = "wasi_snapshot_preview1";

const DEFAULT_ARGS = ["program"];

/**
 * Makes what modules import from preview 1: the embedder's own functions first, then ours. What
 * the modules import beyond that is a function that answers `ERRNO_NOSYS`.
 *
 * @param {Options} options
 * @param {() => ArrayBuffer} currentBuffer returns the program's memory as it is now
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
 * Unwinds the program. The filesystem has noted the status already; `Program.start` asks for it.
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
