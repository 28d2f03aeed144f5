// What the scripts of JavaScript engines have in common: how a test starts them (process.rs says it), and how they end. They run
// in a project that has our package (tests/src/npm_package.rs).
import { readFileSync, writeSync } from "node:fs";
import { Program } from "wasm-vfs";

// `process` is the global one: to import it as a module makes Node open its streams, and their pipes do not block any more: long output is cut off.
// The statuses of process.rs.
const CANNOT_LOAD = 111, TRAPPED = 134;

export const [path, ...args] = process.argv.slice(2);
const lines = (process.env.GUEST_ENVIRONMENT ?? "").split("\n").filter((line) => line !== "");
export const env = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
export const all = (fd) => (bytes) => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
};

// Makes an instance of the module's bytes by `make`, runs it by `run`, which returns its status, and ends with that.
export async function main(make, run) {
  const hermetic = process.env.HERMETIC !== undefined;
  let made;
  try {
    const bytes = readFileSync(path);
    made = hermetic ? new Program((await WebAssembly.instantiate(bytes, {})).instance) : await make(bytes);
  } catch (error) {
    all(2)(new TextEncoder().encode(`cannot load: ${error}\n`));
    process.exit(CANNOT_LOAD);
  }
  try {
    process.exitCode = hermetic ? made.start() : run(made);
  } catch (error) {
    all(2)(new TextEncoder().encode(`trap: ${error}\n`));
    process.exit(TRAPPED);
  }
  if (hermetic) ["/run/stdout", "/run/stderr"].forEach((stream, index) => all(index + 1)(made.get(stream)));
}
