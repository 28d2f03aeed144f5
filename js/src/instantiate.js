/** `instantiate`: instantiates a module that `wasm-vfs pack` wrote. */
import { compile } from "./compile.js";
import { eventImports } from "./events.js";
import { PREVIEW1, preview1 } from "./preview1/index.js";
import { Program } from "./program.js";

/** @import { Options } from "../wasm-vfs.js" */

/**
 * Instantiates a packed program. `Program.start` runs it.
 *
 * @param {WebAssembly.Module | BufferSource} source the module, or its bytes
 * @param {Options} [options]
 * @returns {Promise<Program>}
 * @throws {TypeError} if an option has a wrong type, or a string in `args` or `env` contains NUL
 * @throws {Error} if the module has no host interface
 * @throws {WebAssembly.CompileError | WebAssembly.LinkError} if the engine refuses the module
 */
export async function instantiate(source, options = {}) {
  const module = await compile(source);
  /** @type {WebAssembly.Instance | undefined} */
  let instance;
  const currentBuffer = () => /** @type {any} */ (instance).exports.memory.buffer;
  const functions = preview1(options, currentBuffer, [module]);
  /** @type {Program | undefined} */
  let program;
  const imports = {
    ...eventImports(options, () => program),
    ...options.imports,
    [PREVIEW1]: functions,
  };
  instance = await WebAssembly.instantiate(module, /** @type {any} */ (imports));
  program = new Program(instance);
  return program;
}
