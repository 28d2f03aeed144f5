// Runs a preview1 program under Node's own WASI, with no directory of the host but HOST_ROOT, if that is set, as `/`:
// `node node.mjs PROGRAM.wasm ARGS...`
import { WASI } from "node:wasi";
import { args, env, main } from "./driver.mjs";

const preopens = process.env.HOST_ROOT ? { "/": process.env.HOST_ROOT } : {};
const wasi = new WASI({ version: "preview1", args, env, preopens, returnOnExit: true });
// Node 20 calls its own functions straight from compiled code, and spoils its heap when that is done thousands of times
// while the memory grows (seen on 20.20, not on 26). Through a function in JavaScript it does not.
const imports = Object.fromEntries(Object.entries(wasi.wasiImport).map(([name, call]) => [name, (...operands) => call(...operands)]));
const make = async (bytes) => (await WebAssembly.instantiate(bytes, { wasi_snapshot_preview1: imports })).instance;
await main(make, (instance) => wasi.start(instance));
