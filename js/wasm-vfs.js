/**
 * wasm-vfs runs WASI preview 1 programs that carry their files with them, and lets you read and
 * write those files. It works in browsers and workers, Node, Bun and Deno, and has no dependencies.
 *
 *     import { instantiate } from "wasm-vfs";
 *
 *     const program = await instantiate(bytes, { args: ["app", "--fast"] });
 *     program.put("/input/data.csv", "a,b\n1,2\n");
 *     const status = program.start();
 *     const report = program.get("/output/report.txt"); // a Uint8Array
 *
 * This file exports the public items; `wasm-vfs.d.ts` describes them with all types. The code:
 *
 * - `src/instantiate.js` instantiates a packed program;
 * - `src/link.js` and `src/imported-memory.js` link a plain program with a rootfs module;
 * - `src/program.js` is `Program`, on top of `src/host-interface.js` and `src/records.js`;
 * - `src/preview1/` is the WASI host: it answers the imports that a program still has;
 * - `src/bytes.js`, `src/compile.js` and `src/errors.js` are shared by the others.
 */
export { VfsError } from "./src/errors.js";
export { instantiate } from "./src/instantiate.js";
export { link } from "./src/link.js";
export { Program } from "./src/program.js";
