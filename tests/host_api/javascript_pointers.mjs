// Pointers and lengths of 2 GiB and more, which WebAssembly hands to JavaScript as negative numbers.
//
//     node javascript_pointers.mjs PACKED.wasm        `javascript_pointers.wat`, packed
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import process from "node:process";
import { instantiate } from "wasm-vfs";

const KIB = 1024, GIB = KIB ** 3;
const LOW = 64 * KIB, HIGH = 2 * GIB + 64 * KIB;
const SUCCESS = 0, CHARACTER_DEVICE = 2, CLOCK = 0, REALTIME = 0, MONOTONIC = 1;

const written = [];
const program = await instantiate(readFileSync(process.argv[2]), {
  args: ["app", "one"],
  env: { A: "b" },
  stdin: "some input",
  stdout: (bytes) => written.push(new TextDecoder().decode(bytes)),
  stderr: Object.assign(() => {}, { isTTY: true }),
});
const { memory, ...exports } = program.instance.exports;
const view = () => new DataView(memory.buffer);
const text = (at, length) => new TextDecoder().decode(new Uint8Array(memory.buffer, at, length));
const call = (name, ...operands) => assert.equal(exports[`program ${name}`](...operands), SUCCESS, name);

/** All functions, with everything that they read and write from `at` on. */
function checkAt(at) {
  const result = at + 8, data = at + 4096, u32 = (address) => view().getUint32(address, true);
  const vector = (length) => {
    view().setUint32(at, data, true);
    view().setUint32(at + 4, length, true);
  };
  new TextEncoder().encodeInto("from the program", new Uint8Array(memory.buffer, data, 16));
  vector(16);
  call("fd_write", 1, at, 1, result);
  assert.deepEqual([u32(result), written.pop()], [16, "from the program"]);
  vector(5);
  call("fd_read", 0, at, 1, result);
  assert.equal(text(data, u32(result)), at === LOW ? "some " : "input");

  call("args_sizes_get", at, result);
  assert.deepEqual([u32(at), u32(result)], [2, 8]);
  call("args_get", at, data);
  assert.deepEqual([u32(at), u32(at + 4), text(data, 8)], [data, data + 4, "app\0one\0"]);
  call("environ_sizes_get", at, result);
  assert.deepEqual([u32(at), u32(result)], [1, 4]);
  call("environ_get", at, data);
  assert.deepEqual([u32(at), text(data, 4)], [data, "A=b\0"]);

  call("clock_res_get", REALTIME, result);
  assert.equal(view().getBigUint64(result, true), 1_000_000n);
  call("clock_time_get", REALTIME, 0n, result);
  assert(Math.abs(Number(view().getBigUint64(result, true) / 1_000_000n) - Date.now()) < 60_000);
  view().setBigUint64(data, 0n, true);
  view().setBigUint64(data + 8, 0n, true);
  call("random_get", data, 16);
  assert(view().getBigUint64(data, true) !== 0n && view().getBigUint64(data + 8, true) !== 0n);

  call("fd_fdstat_get", 2, data);
  assert.equal(view().getUint8(data), CHARACTER_DEVICE);
  call("fd_filestat_get", 2, data);
  assert.equal(view().getUint8(data + 16), CHARACTER_DEVICE);

  const subscription = data, event = data + 48;
  view().setBigUint64(subscription, 0x123456789an, true);
  view().setUint8(subscription + 8, CLOCK);
  view().setUint32(subscription + 16, MONOTONIC, true);
  view().setBigUint64(subscription + 24, 1_000_000n, true);
  view().setUint16(subscription + 40, 0, true);
  call("poll_oneoff", subscription, event, 1, result);
  assert.deepEqual([u32(result), view().getBigUint64(event, true)], [1, 0x123456789an]);
}
checkAt(LOW);
checkAt(HIGH);

// The tree, wherever the filesystem is.
program.put("/d/file", "contents");
assert.equal(new TextDecoder().decode(program.get("/d/file")), "contents");
assert.deepEqual(program.list("/d").map(({ name }) => name), ["file"]);

// Random bytes for half of the memory are asked for piece by piece. The generator is not: that would take seconds.
const own = crypto.getRandomValues;
let [filled, next] = [0, LOW];
crypto.getRandomValues = (bytes) => {
  assert(bytes.length <= 65536 && bytes.byteOffset === next, "one piece behind the other");
  [filled, next] = [filled + bytes.length, next + bytes.length];
  return bytes;
};
call("random_get", LOW, 2 * GIB + 5);
crypto.getRandomValues = own;
assert.equal(filled, 2 * GIB + 5);
console.log("all of it holds");
