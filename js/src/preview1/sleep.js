/** Blocks a thread: for `clocks.js`, and for `output.js` while a pipe is full. */

/**
 * Blocks this thread.
 *
 * @param {number} milliseconds
 */
export function sleep(milliseconds) {
  const end = performance.now() + milliseconds;
  try {
    const neverNotified = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    Atomics.wait(neverNotified, 0, 0, milliseconds);
  } catch {
    // A browser's main thread may not block, and a page that is not cross-origin isolated has no
    // SharedArrayBuffer. There we read the clock until the time has passed.
    while (performance.now() < end);
  }
}
