/**
 * `eventImports`: what a program calls that was packed with `--events`, after its calls that change
 * files or sync.
 */
import { EDQUOT, EIO, ENOSPC } from "./errors.js";

/** @import { Options } from "../wasm-vfs.js" */
/** @import { Program } from "./program.js" */

/** The module that the program imports the functions from. */
const EVENTS = "wasm_vfs_events";

/** The errors of `onSync` that the program learns. */
const ERRNOS = { EDQUOT, EIO, ENOSPC };

/**
 * Makes the functions that call the options `onChange` and `onSync`.
 *
 * @param {Options} options
 * @param {() => Program | undefined} program returns the program, once it is there
 */
export function eventImports({ onChange, onSync }, program) {
  return {
    [EVENTS]: {
      changed() {
        const changed = program();
        if (changed) onChange?.(changed);
      },
      sync() {
        const synced = program();
        // Its start function runs before anybody can read its files.
        if (!synced) return onSync ? -EIO : 0;
        try {
          onSync?.(synced);
          return 0;
        } catch (thrown) {
          const code = /** @type {{ code?: keyof typeof ERRNOS } | null} */ (thrown)?.code;
          const errno = code && Object.hasOwn(ERRNOS, code) ? ERRNOS[code] : undefined;
          if (errno === undefined) throw thrown;
          return -errno;
        }
      },
    },
  };
}
