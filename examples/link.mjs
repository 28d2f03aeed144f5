// Links a program with a rootfs module when it is started: neither was made for the other, and nothing is packed.
//
//     wasm-vfs image --dir site::/ -o rootfs.wasm
//     RUNTIME examples/link.mjs APP.wasm rootfs.wasm ARGS...
//
// RUNTIME has multi-memory: Node 26 (node), Bun (bun run), Deno (deno run --allow-all). In a browser the same two lines do.
// Where the package is installed (js/README.md), it is imported from "wasm-vfs".
import { readFileSync } from "node:fs";
import { link } from "../js/wasm-vfs.js";

// `process` is the global one: an import of `node:process` opens its streams, and Node makes their pipes non-blocking, for
// everybody who writes to them.
const [app, rootfs, ...args] = process.argv.slice(2);
const options = { args: [app, ...args], env: process.env, stdin: readFileSync(0) };

const program = await link(readFileSync(app), readFileSync(rootfs), options);
process.exitCode = program.start();
