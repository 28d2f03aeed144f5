// Runs the program, in a thread of its own so that the page stays usable. It keeps two instances: one that has the files and is never
// started, the tree before, and one that ran, the tree after; so all contents are there to be read at any time, and are not copied.
//
// Messages in: { type: "open", name, bytes, rootfs, files }, { type: "files", files }, { type: "run", files, args, env, stdin },
// { type: "read", id, side, path }, { type: "tar", id, side }. Messages out have the types that `post` is called with.
import { instantiate, link } from "./wasm-vfs/wasm-vfs.js";
import { changes, listing } from "./snapshot.js";
import { explain, functions, refusal } from "./words.js";

const WASI = ["wasi_snapshot_preview1", "wasi_unstable"];
// Output is posted as it comes, but no more often than this; what comes faster goes in larger pieces.
const POSTS = 1000, WINDOW_MS = 100, PIECE_BYTES = 1 << 16, CALLS = 2000;

const trees = { before: null, after: null };
let make; // instantiates the program that is open

/** Makes a program ready; says what it is. */
async function open({ name, bytes, rootfs }) {
  const reason = refusal(name, bytes);
  if (reason) throw new Error(reason);
  const module = await WebAssembly.compile(bytes);
  const imports = WebAssembly.Module.imports(module), exports = WebAssembly.Module.exports(module).map(({ name }) => name);
  const packed = WebAssembly.Module.customSections(module, "wasm-vfs").length > 0;
  if (packed && imports.some(({ module, kind }) => module === "app" && kind === "memory")) return "filesystem";
  const canStart = exports.includes("_start") || exports.includes("_initialize");
  if (!canStart) throw new Error(`${name} has nothing to start: it exports no \`_start\`. Is it a WASI program?`);
  const strange = imports.filter(({ module, kind }) => !WASI.includes(module) && kind !== "memory").map(({ module, name }) => `${module}.${name}`);
  if (strange.length > 5) strange.splice(5, Infinity, "...");
  if (strange.length) throw new Error(`${name} wants more than WASI, which this page cannot give: ${strange.join(", ")}.`);
  if (packed) make = (options) => instantiate(module, options);
  else {
    const filesystem = await WebAssembly.compile(rootfs);
    const source = imports.some(({ kind }) => kind === "memory") ? bytes : module; // the size of that memory is in the bytes
    make = (options) => link(source, filesystem, options);
  }
  return packed ? "packed" : "plain";
}

async function fill(files, options) {
  const program = await make(options);
  for (const { path, bytes } of files) program.put(path, bytes);
  return program;
}

async function prepare(files) {
  trees.before = trees.after = null;
  trees.before = await fill(files, { stdout() {}, stderr() {} });
  return listing(trees.before);
}

/** Posts what the program writes and calls, in order. */
function sink() {
  let held = [], heldBytes = 0, posts = 0, since = 0;
  const flush = () => {
    if (held.length) post("output", { pieces: held });
    [held, heldBytes] = [[], 0];
  };
  const add = (stream, data, size) => {
    const last = held.at(-1);
    if (last?.stream === stream) last.data.push(data);
    else held.push({ stream, data: [data] });
    heldBytes += size;
    const now = performance.now();
    if (now - since > WINDOW_MS) [posts, since] = [0, now];
    if (heldBytes >= PIECE_BYTES || posts < POSTS) posts++, flush();
  };
  const bytes = (stream) => (data) => add(stream, data, data.length);
  return { stdout: bytes("stdout"), stderr: bytes("stderr"), trace: (line) => add("calls", line, PIECE_BYTES / CALLS), flush };
}

async function run({ files, args, env, stdin }) {
  const before = await prepare(files); // they may have changed
  const { flush, ...streams } = sink();
  const program = await fill(files, { args, env, stdin, ...streams });
  const began = performance.now();
  const ended = {};
  try {
    ended.status = program.start();
  } catch (error) {
    Object.assign(ended, { trap: explain(error), functions: functions(error) });
  }
  flush();
  ended.milliseconds = performance.now() - began;
  trees.after = program;
  const after = listing(program);
  return { ...ended, before, after, changes: changes(trees.before, before, program, after) };
}

const post = (type, message, transfer) => postMessage({ type, ...message }, transfer ?? []);
const answer = (id, bytes) => post("contents", { id, bytes }, [bytes.buffer]);
const tree = (side) => trees[side] ?? (() => { throw new Error("That state of the tree is not there any more."); })();
const handlers = {
  async open(message) {
    const kind = await open(message);
    if (kind === "filesystem") post("filesystem");
    else post("opened", { kind, before: await prepare(message.files) });
  },
  async files({ files }) { post("prepared", { before: await prepare(files) }); },
  async run(message) { post("ended", await run(message)); },
  read({ id, side, path }) { answer(id, tree(side).get(path)); },
  tar({ id, side }) { answer(id, tree(side).exportTar("/")); },
};
let queue = Promise.resolve();
onmessage = ({ data }) => {
  queue = queue.then(() => handlers[data.type](data)).catch((error) => post("failed", { id: data.id, asked: data.type, text: explain(error) }));
};
