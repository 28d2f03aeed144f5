// Runs `javascript_output.wat`, packed, and reports on standard error how its writing ended:
//
//     RUNTIME javascript_output.mjs PACKED.wasm default|given|worker LENGTH ROUNDS
//     RUNTIME javascript_output.mjs PACKED.wasm errors
import { strict as assert } from "node:assert";
import { readFileSync, writeSync } from "node:fs";
import { Worker, isMainThread } from "node:worker_threads";
import { instantiate } from "wasm-vfs";

// `process` is the global one. Its stream is opened here, so that Node makes a pipe non-blocking.
process.stdout;
const [path, how, length, rounds] = process.argv.slice(2);
const bytes = readFileSync(path);

/** What people write: it throws when a pipe is full. */
const all = (fd) => (piece) => {
  for (let done = 0; done < piece.length; ) done += writeSync(fd, piece, done);
};

async function run(options) {
  const program = await instantiate(bytes, options);
  const errno = program.instance.exports.write(1, Number(length), Number(rounds));
  const report = { errno, megabytes: Math.round(process.memoryUsage().rss / 1e6) };
  all(2)(new TextEncoder().encode(JSON.stringify(report)));
}

/** Given functions that throw, and what the program learns of it. */
async function errors() {
  /** Writes `length` bytes in `rounds` rounds; what the function got, and the program's answer. */
  const attempt = async (stdout, length, rounds = 1) => {
    const { instance } = await instantiate(bytes, { stdout });
    return instance.exports.write(1, length, rounds);
  };
  const failing = (code) => () => { throw Object.assign(new Error(code), { code }); };
  const numbers = { EBADF: 8, ECONNRESET: 15, EDQUOT: 19, EFBIG: 22, EIO: 29, ENOSPC: 51, EPIPE: 64 };
  for (const [code, errno] of Object.entries(numbers)) assert.equal(await attempt(failing(code), 100), errno, code);

  // What was taken before counts, and is not offered again.
  const taken = [];
  const full = (piece) => (taken.length < 3 ? taken.push(...piece) : failing("ENOSPC")());
  assert.equal(await attempt(full, 8, 2), 51);
  assert.deepEqual(taken, [0, 0, 0, 0]);

  // A piece is small, so a pipe takes it as a whole or not at all; and it is offered again until it is taken.
  let [tries, lengths] = [0, []];
  const busy = (piece) => (tries++ % 3 === 2 ? lengths.push(piece.length) : failing("EAGAIN")());
  assert.equal(await attempt(busy, 20_000), 0);
  assert.equal(lengths.reduce((sum, one) => sum + one), 20_000);
  assert.equal(tries, 3 * lengths.length);
  assert.ok(Math.max(...lengths) <= 4096, `${lengths}`);

  // The function may keep what it gets. What it returns means nothing.
  const kept = [];
  assert.equal(await attempt((piece) => kept.push(piece), 10_000, 2), 0);
  const whole = Buffer.concat(kept);
  assert.deepEqual([whole.length, whole.readUInt32LE(4), whole.readUInt32LE(19_996)], [20_000, 1, 4999]);
  assert.ok(kept.every((piece) => piece.buffer.byteLength === piece.length), "no piece keeps a larger buffer");

  // Anything else is thrown to who called the program.
  for (const thrown of [new Error("mine"), Object.assign(new Error(), { code: "ERR_MINE" }), null, "text"]) {
    await assert.rejects(attempt(() => { throw thrown; }, 100), (error) => error === thrown);
  }
  console.log("all of it holds");
}

if (how === "errors") await errors();
else if (how === "given") await run({ stdout: all(1) });
else if (how === "worker" && isMainThread) new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
else await run({});
