/**
 * The default output of a program, if the embedder passes no function: the stream of this process
 * under Node, Bun and Deno; elsewhere the console, line by line.
 */

/** The streams of a process, by descriptor. */
const NAMES = /** @type {const} */ (["stdin", "stdout", "stderr"]);

/**
 * Returns a stream of this process, or undefined where there is no process.
 *
 * The access opens the stream, and if it is a pipe, Node makes it non-blocking for everybody who
 * writes to it. So we do not access a stream that the embedder serves.
 *
 * @param {number} fd
 * @returns {any}
 */
export function hostStream(fd) {
  return /** @type {any} */ (globalThis).process?.[NAMES[fd]];
}

/**
 * Makes a function that writes bytes to the default output.
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
 * Makes a function that receives bytes and logs each line when it is complete.
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
