// Runs a packed program under Node's own WASI, with no directory of the host:
//
//     node --no-warnings node.mjs PROGRAM.wasm ARGS...
//
// ARGS begin with the program's own name.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [path, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args, preopens: {}, returnOnExit: true });
// Node 20 calls its own functions straight from compiled code, and spoils its heap when that is done thousands of times while the
// memory grows (seen on 20.20, not on 26). Through a function in JavaScript it does not.
const imports = Object.fromEntries(Object.entries(wasi.wasiImport).map(([name, call]) => [name, (...operands) => call(...operands)]));
const { instance } = await WebAssembly.instantiate(readFileSync(path), { wasi_snapshot_preview1: imports });
process.exitCode = wasi.start(instance);
