/** Embedders pass modules compiled, or as bytes. */

/**
 * Compiles a module. Returns one that is compiled already as it is.
 *
 * @param {WebAssembly.Module | BufferSource} source
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(source) {
  return source instanceof WebAssembly.Module ? source : WebAssembly.compile(source);
}
