/**
 * Where a program's output goes if the embedder gives no function: to the stream of this process
 * under Node, Bun and Deno, and line by line to the console elsewhere.
 */

/** The streams of a process, by descriptor. */
const NAMES = /** @type {const} */ (["stdin", "stdout", "stderr"]);

/**
 * Returns the stream of this process with this number, or undefined where there are none.
 *
 * Asking opens the stream: Node then makes a pipe non-blocking for everybody who writes to it. So
 * nobody should ask for a stream that the embedder serves.
 *
 * @param {number} fd
 * @returns {any}
 */
export function hostStream(fd) {
  return /** @type {any} */ (globalThis).process?.[NAMES[fd]];
}

/**
 * Makes a function that writes bytes.
 *
 * @param {"stdout" | "stderr"} name
 * @returns {(bytes: Uint8Array) => void}
 */
export function defaultOutput(name) {
  const stream = hostStream(NAMES.indexOf(name));
  if (stream?.write) return (bytes) => void stream.write(bytes);
  return name === "stdout" ? lineWriter(console.log) : lineWriter(console.error);
}

/**
 * Makes a function that takes bytes and logs each line when it is complete.
 *
 * @param {(line: string) => void} log
 */
function lineWriter(log) {
  const decoder = new TextDecoder();
  let unfinished = "";
  return (/** @type {Uint8Array} */ bytes) => {
    const text = unfinished + decoder.decode(bytes, { stream: true });
    const lines = text.split("\n");
    unfinished = lines.pop() ?? "";
    for (const line of lines) log(line);
  };
}
