/** Modules as embedders give them: compiled, or as bytes. */

/**
 * Compiles a module's bytes. One that is compiled already is returned as it is.
 *
 * @param {WebAssembly.Module | BufferSource} source
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(source) {
  return source instanceof WebAssembly.Module ? source : WebAssembly.compile(source);
}
