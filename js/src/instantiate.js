/** `instantiate`: makes a program of a module that `wasm-vfs pack` wrote. */
import { compile } from "./compile.js";
import { PREVIEW1, preview1 } from "./preview1/index.js";
import { Program } from "./program.js";

/** @import { Options } from "../wasm-vfs.js" */

/**
 * Instantiates a packed program. It does not start it.
 *
 * @param {WebAssembly.Module | BufferSource} source the module, or its bytes
 * @param {Options} [options] what the program gets from its host
 * @returns {Promise<Program>}
 * @throws {TypeError} for options that cannot be what was meant
 * @throws {Error} if the module has no host interface
 * @throws {WebAssembly.CompileError | WebAssembly.LinkError} as the engine does
 */
export async function instantiate(source, options = {}) {
  const module = await compile(source);
  /** @type {WebAssembly.Instance | undefined} */
  let instance;
  const currentBuffer = () => /** @type {any} */ (instance).exports.memory.buffer;
  const functions = preview1(options, currentBuffer, [module]);
  const imports = { ...options.imports, [PREVIEW1]: functions };
  instance = await WebAssembly.instantiate(module, /** @type {any} */ (imports));
  return new Program(instance);
}
