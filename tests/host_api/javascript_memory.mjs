// The package's methods after the program has used up all memory that Node allows (`--wasm-max-mem-pages`).
import { readFileSync } from "node:fs";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { instantiate } from "wasm-vfs";

const program = await instantiate(readFileSync("packed.wasm"));
const text = (bytes) => new TextDecoder().decode(bytes);
program.put("/t/a.txt", "from JavaScript");
const large = new Uint8Array(500_000).map((_, at) => at >> 3);
program.put("/t/d/large", large);
program.instance.exports.fill();

for (let round = 0; round < 3; round++) {
  equal(text(program.get("/t/a.txt")), "from JavaScript");
  deepEqual(program.get("/t/d/large"), large);
  equal(program.stat("/t/a.txt").size, 15);
  const names = program.list("/").map(({ name }) => name);
  ok(names.includes("t") && names.length > 10, `${names}`);
  const archive = program.exportTar("/");
  ok(archive.length > 512 * names.length);
  const refused = ({ code }) => code === "ENOSPC" || code === "ENOMEM";
  throws(() => program.put("/t/n/new", large), refused);
  // As much of it as there was room for.
  if (program.list("/t").some(({ name }) => name === "n")) program.remove("/t/n");
  throws(() => program.importTar("/t", program.exportTar("/t/d")), refused);
  deepEqual(program.list("/t").map(({ name }) => name), ["a.txt", "d"]);
}
program.remove("/f0000001");
program.remove("/f0000002");
program.put("/t/n/new", large.subarray(0, 100_000));
deepEqual(program.get("/t/n/new"), large.slice(0, 100_000));

console.log("all of it holds");
