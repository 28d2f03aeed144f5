// Runs a packed program with our own module as its host, under Bun or Deno.
//
//     RUNTIME script.mjs PROGRAM.wasm ARGS...
//
// ARGS begin with the program's name; its environment is in GUEST_ENVIRONMENT, a line each.
import { readFileSync, writeSync } from "node:fs";
import process from "node:process";
import { instantiate } from "../../js/wasm-vfs.js";

const [path, ...args] = process.argv.slice(2);
const lines = (process.env.GUEST_ENVIRONMENT ?? "").split("\n").filter((line) => line !== "");
const env = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
const all = (fd) => (bytes) => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
};
const stdin = readFileSync("/dev/stdin");
const program = await instantiate(readFileSync(path), { args, env, stdin, stdout: all(1), stderr: all(2) });
process.exitCode = program.start();
