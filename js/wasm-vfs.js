/**
 * wasm-vfs: runs WASI preview 1 programs that carry their files with them, in browsers and workers,
 * Node, Bun and Deno, and gives the embedder the tree of files in them. No dependencies.
 *
 *     import { instantiate } from "wasm-vfs";
 *
 *     const program = await instantiate(bytes, { args: ["app", "--fast"] });
 *     program.put("/input/data.csv", "a,b\n1,2\n");
 *     const status = program.start();
 *     const report = program.get("/output/report.txt"); // a Uint8Array
 *
 * This file is the public face; `wasm-vfs.d.ts` describes it with all types. What is where:
 *
 * - `src/instantiate.js`: a packed program becomes a `Program`;
 * - `src/link.js` and `src/imported-memory.js`: a program that is not packed, and a filesystem;
 * - `src/program.js`: `Program`, on top of `src/host-interface.js` and `src/records.js`;
 * - `src/preview1/`: the functions that a program still asks of its host;
 * - `src/bytes.js`, `src/compile.js`, `src/errors.js`: what the others share.
 */
export { VfsError } from "./src/errors.js";
export { instantiate } from "./src/instantiate.js";
export { link } from "./src/link.js";
export { Program } from "./src/program.js";
