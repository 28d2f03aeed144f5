// Runs a preview1 program under Node's own WASI, with no directory of the host but HOST_ROOT, if that is set, as `/`.
//
//     node node.mjs PROGRAM.wasm ARGS...
//
// ARGS begin with the program's name; its environment is in GUEST_ENVIRONMENT, a line each.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [path, ...args] = process.argv.slice(2);
const lines = (process.env.GUEST_ENVIRONMENT ?? "").split("\n").filter((line) => line !== "");
const env = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
const preopens = process.env.HOST_ROOT ? { "/": process.env.HOST_ROOT } : {};
const wasi = new WASI({ version: "preview1", args, env, preopens, returnOnExit: true });
const module = await WebAssembly.compile(readFileSync(path));
// Node 20 calls its own functions straight from compiled code, and spoils its heap when that is done thousands of times
// while the memory grows (seen on 20.20, not on 26). Through a function in JavaScript it does not.
const imports = Object.fromEntries(Object.entries(wasi.wasiImport).map(([name, call]) => [name, (...operands) => call(...operands)]));
const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: imports });
process.exitCode = wasi.start(instance);
