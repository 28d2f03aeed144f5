// Runs a packed program with our own package as its host, under Bun or Deno: `RUNTIME script.mjs PROGRAM.wasm ARGS...`
import { readFileSync } from "node:fs";
import { instantiate } from "wasm-vfs";
import { all, args, env, main } from "./driver.mjs";

const make = (bytes) => instantiate(bytes, { args, env, stdin: readFileSync("/dev/stdin"), stdout: all(1), stderr: all(2) });
await main(make, (program) => program.start());
