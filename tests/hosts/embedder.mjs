// An embedder that does to a packed program (`guest.rs`) what the tests in Rust do, in any engine of JavaScript:
//
//     RUNTIME embedder.mjs PACKED.wasm
//
// It prints "all of it holds" if it does.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import process from "node:process";

const PAGE = 65536;
// As in `guest.rs`.
const [PATH, IOVECS, OUT, FREE, PAGES] = [0x8000, 0xa000, 0xb000, 0x10000, 4];
const PATTERN = 0x5a;
const FAULT = 21;

const module = new WebAssembly.Module(readFileSync(process.argv[2]));

/** An instance on a host with a clock; all its other functions return 0, unless `own` has them. */
function start(own = {}) {
  let exports;
  const clock_time_get = (id, precision, out) => {
    new DataView(exports.memory.buffer).setBigUint64(out, 5n, true);
    return 0;
  };
  const host = { clock_time_get, ...own };
  const functions = new Proxy({}, { get: (_, name) => (...args) => (host[name] ?? (() => 0))(...args) });
  const names = WebAssembly.Module.imports(module);
  const imports = Object.fromEntries(names.map(({ name }) => [name, functions[name]]));
  exports = new WebAssembly.Instance(module, { wasi_snapshot_preview1: imports }).exports;
  return exports;
}

const bytes = (e, start, length) => new Uint8Array(e.memory.buffer, start, length);
const u32 = (e, at) => new DataView(e.memory.buffer).getUint32(at, true);

function path(e, text) {
  const encoded = new TextEncoder().encode(text);
  bytes(e, PATH, encoded.length).set(encoded);
  return [PATH, encoded.length];
}

function iovec(e, at, length) {
  const view = new DataView(e.memory.buffer);
  view.setUint32(IOVECS, at, true);
  view.setUint32(IOVECS + 4, length, true);
  return [IOVECS, 1, OUT];
}

/** Writes bytes of memory to a file, reads them back, and removes it. */
function roundTrip(e, name, at, length) {
  const READ_SEEK_WRITE = 2n | 4n | 64n;
  assert.equal(e.path_open(3, 0, ...path(e, name), 1, READ_SEEK_WRITE, READ_SEEK_WRITE, 0, OUT), 0);
  const fd = u32(e, OUT);
  assert.equal(e.fd_write(fd, ...iovec(e, at, length)), 0);
  assert.equal(e.fd_seek(fd, 0n, 0, OUT), 0);
  const before = bytes(e, at, length).slice();
  bytes(e, at, length).fill(0);
  assert.equal(e.fd_read(fd, ...iovec(e, at, length)), 0);
  assert.equal(u32(e, OUT), length);
  assert.deepEqual(bytes(e, at, length), before);
  assert.equal(e.fd_close(fd), 0);
  assert.equal(e.path_unlink_file(3, ...path(e, name)), 0);
}

/** The program's own memory is as it was, and the filesystem goes on. */
function goesOn(e) {
  const wrong = bytes(e, FREE, PAGES * PAGE - FREE).findIndex((byte) => byte !== PATTERN);
  assert.equal(wrong, -1, "a byte of the program's memory was changed");
  roundTrip(e, "after", FREE, 100_000);
  assert.equal(e.path_create_directory(3, ...path(e, "after")), 0);
  assert.equal(e.path_remove_directory(3, ...path(e, "after")), 0);
}

function memoryOfOthers() {
  const e = start();
  const claims = [];
  const claim = (first, pages) => {
    const run = bytes(e, first * PAGE, pages * PAGE);
    assert(run.every((byte) => byte === 0), `new pages from ${first} on are not zero`);
    run.fill(1 + claims.length);
    claims.push([first, pages, 1 + claims.length]);
  };
  for (let step = 0; step < 24; step++) {
    if (step % 3 === 0) claim(e.memory.grow(2), 2);
    if (step % 3 === 1) claim(e.grow(3), 3);
    // So much that the filesystem grows too.
    const [first, pages] = claims[step % claims.length];
    roundTrip(e, `file${step}`, first * PAGE, pages * PAGE);
    for (const [first, pages, byte] of claims)
      assert(bytes(e, first * PAGE, pages * PAGE).every((it) => it === byte), `page ${first} was changed`);
  }
  // What is between is not the program's: in the portable form the filesystem, else nothing.
  const base = e.wasm_vfs_base.value;
  if (base > 0) {
    assert.equal(e.path_open(3, 0, ...path(e, "new"), 1, 66n, 66n, 0, OUT), 0);
    const fd = u32(e, OUT);
    assert.equal(e.fd_write(fd, ...iovec(e, base + 100, 4)), FAULT);
    assert.equal(e.fd_write(fd, ...iovec(e, claims[0][0] * PAGE, 4)), 0);
  }
}

function hostFunctionsThatThrow() {
  const boom = () => { throw new Error("boom"); };
  let throws = false;
  let e;
  e = start({
    clock_time_get: (id, precision, out) => {
      if (throws) boom();
      new DataView(e.memory.buffer).setBigUint64(out, 5n, true);
      return 0;
    },
    poll_oneoff: () => (throws ? boom() : 0),
    random_get: () => (throws ? boom() : 0),
  });
  bytes(e, FREE, PAGES * PAGE - FREE).fill(PATTERN);
  const calls = [
    (n) => e.path_create_directory(3, ...path(e, `d${n}`)),
    () => e.random_get(OUT + 0x100, 8),
    () => (bytes(e, OUT + 0x100, 48).fill(0), e.poll_oneoff(OUT + 0x100, OUT + 0x200, 1, OUT)),
  ];
  for (const call of calls) {
    throws = true;
    for (let n = 0; n < 1500; n++) assert.throws(() => call(n), /boom/);
    throws = false;
    goesOn(e);
  }
}

function theEnginesStack() {
  const e = start();
  bytes(e, FREE, PAGES * PAGE - FREE).fill(PATTERN);
  path(e, "nowhere/file");
  let cut = 0;
  for (let round = 0; round < 40; round++) {
    // Frames of different sizes, so that the stack ends at different instructions.
    const dive = (depth, ...padding) => {
      assert.notEqual(e.path_create_directory(3, PATH, 12), 0);
      // No tail call: engines may make a loop of that.
      return 1 + dive(depth + 1, ...padding);
    };
    try {
      dive(0, ...new Array(round).fill(round));
    } catch (error) {
      // Engines differ in what they throw.
      cut += 1;
    }
  }
  assert.equal(cut, 40);
  goesOn(e);
}

function callsWithinCalls() {
  let e;
  let status;
  e = start({ poll_oneoff: () => { status = e.path_create_directory(3, ...path(e, "within")); return 0; } });
  bytes(e, FREE, PAGES * PAGE - FREE).fill(PATTERN);
  bytes(e, OUT + 0x100, 48).fill(0);
  for (let round = 0; round < 300; round++) {
    assert.equal(e.poll_oneoff(OUT + 0x100, OUT + 0x200, 1, OUT), 0);
    assert.equal(status, 0);
    assert.equal(e.path_remove_directory(3, ...path(e, "within")), 0);
  }
  goesOn(e);
}

memoryOfOthers();
hostFunctionsThatThrow();
theEnginesStack();
callsWithinCalls();
console.log("all of it holds");
