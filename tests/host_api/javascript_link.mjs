// What `link` of the JavaScript package promises beside what programs see of it. The programs are in tests/host_api/javascript_link.rs.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { link } from "wasm-vfs";

const bytes = (name) => readFileSync(`${name}.wasm`);
const rootfs = bytes("rootfs"), text = (bytes) => new TextDecoder().decode(bytes);
const refuses = (program, message, filesystem = rootfs, options = {}) => assert.rejects(link(program, filesystem, options), { message });

if (!WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0]))) {
  await refuses(bytes("transform"), "this engine has no multi-memory, which linking at run time needs: use `wasm-vfs pack`");
  console.log("this engine has no multi-memory");
  process.exit();
}

// The whole of `Program`, and the traced calls apart from standard error.
{
  const printed = { stdout: "", stderr: "" }, calls = [], modules = await Promise.all([bytes("transform"), rootfs].map((it) => WebAssembly.compile(it)));
  const sink = (stream) => (bytes) => void (printed[stream] += text(bytes));
  const options = { args: ["transform", "exit=3"], env: { WASM_VFS_TRACE: "1" }, stdin: "typed", stdout: sink("stdout"), stderr: sink("stderr"), trace: (line) => calls.push(line) };
  const program = await link(...modules, options);
  program.put("/input/a.txt", "from JavaScript");
  assert.equal(program.start(), 3);
  assert.equal(program.exitStatus, 3);
  assert.equal(text(program.get("/output/a.txt")), "FROM JAVASCRIPT");
  assert.equal(text(program.get("/baked.txt")), "baked\n");
  assert.deepEqual(program.list("/").map(({ name }) => name), ["baked.txt", "dev", "tmp", "input", "output"]);
  assert.equal(program.readlink("/dev/stderr"), "fd/2");
  assert.equal(printed.stderr, "an error, not really\n");
  assert(printed.stdout.endsWith("random numbers: 81\nno line feed"), printed.stdout);
  assert(calls.includes('path_create_directory(3, "output") = 0'), calls.join("\n"));
  assert(calls.includes('fd_write(2, "an error, not really\\n", 21) = 21'), calls.join("\n"));
  assert.equal(calls.at(-1), "proc_exit(3) = ?");
  assert(calls.every((line) => /^\w+\(.*\) = [^\n]+$/.test(line)), calls.join("\n"));

  // Who does not ask for the calls gets them where they always were, among standard error.
  printed.stderr = "";
  const plain = await link(...modules, { ...options, trace: undefined });
  plain.put("/input/a.txt", "");
  plain.start();
  assert(printed.stderr.includes('path_create_directory(3, "output") = 0\n'), printed.stderr);
  assert(printed.stderr.includes("an error, not really\n"), printed.stderr);

  // Each has a tree of its own.
  assert.equal(plain.get("/output/a.txt").length, 0);
  assert.equal(program.get("/output/a.txt").length, 15);
  await assert.rejects(async () => program.get("/none"), { code: "ENOENT" });
}

// A memory that is imported is made of the size that the program says, or is the embedder's.
{
  const env = () => ({ f() {}, t: new WebAssembly.Table({ element: "anyfunc", initial: 1, maximum: 10 }), g: new WebAssembly.Global({ value: "i32", mutable: true }, 0) });
  const program = await link(bytes("imports"), rootfs, { imports: { env: env() } });
  assert.equal(program.start(), 0);
  assert.equal(program.instance.exports.grow(), -1, "no more than its maximum");
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 7 });
  const given = await link(await WebAssembly.compile(bytes("imports")), rootfs, { imports: { env: { ...env(), memory } } });
  assert.equal(given.start(), 0);
  assert(new DataView(memory.buffer).getBigUint64(131072, true) > 0n, "the embedder's memory");
  await refuses(await WebAssembly.compile(bytes("imports")), "the program imports its memory, whose size only its bytes tell: give those, or the memory in `imports`");
}

assert.equal((await link(bytes("curious"), rootfs)).start(), 0);
await refuses(bytes("early"), /^the program calls sched_yield in its start function, before its memory is there: use `wasm-vfs pack`/);
await refuses(bytes("no_memory"), "the program neither imports its memory nor exports it as `memory`");
await refuses(bytes("shared"), /^the program's memory is shared, and linking at run time does not change the program: use `wasm-vfs pack`/);
await refuses(bytes("shared_export"), /^the program's memory is shared, .* use `wasm-vfs pack`/);
await refuses(bytes("memory64"), /^the program's memory must be 32-bit/);
await refuses(bytes("two"), "the memory that the program exports as `memory` is not the one that it imports");
await refuses(bytes("packed"), "the program is packed (use `instantiate`), or it is a filesystem itself");
await refuses(bytes("transform"), "the filesystem is none that `wasm-vfs image` wrote", bytes("packed"));
console.log("all of it holds");
