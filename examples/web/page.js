// The page: what is chosen, the worker that runs it (worker.js), and the views of what came out.
import { Calls } from "./calls.js";
import { make } from "./dom.js";
import { Terminal } from "./terminal.js";
import { Tree } from "./tree.js";
import { Viewer, download, size } from "./viewer.js";

const $ = (id) => document.getElementById(id);
const FIELDS = ["arguments", "environment", "stdin"], field = Object.fromEntries(FIELDS.map((id) => [id, $(id)]));
const terminal = new Terminal($("terminal")), calls = new Calls($("calls"), $("call-filter"), $("call-count"));
const viewer = new Viewer($("viewer"), (path) => contents({ type: "read", side: sideOf(path), path }));
const tree = new Tree($("tree"), (entry, mark) => viewer.show(entry, mark));

let program = null, last = null; // { name, bytes, kind }, and the one before it with what the fields said
let rootfs = null; // { name, bytes }: what programs that are not packed are linked with
let files = []; // { path, bytes }: what the program gets
let worker = null, running = false, stopped = false;
let listings = { before: null, after: null }, changed = new Map();
const questions = new Map(); // what the worker was asked for and has not given yet
let lastQuestion = 0;

// The worker.

function startWorker() {
  if (worker) worker.onmessage = worker.onerror = null; // what it has said already is of no interest
  worker?.terminate();
  for (const { reject } of questions.values()) reject(new Error("The program was stopped."));
  questions.clear();
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => answers[data.type](data);
  worker.onerror = (event) => fail(`The worker failed: ${event.message ?? "it could not be loaded"}.`);
}
const answers = {
  opened({ kind, before }) {
    program.kind = kind;
    prepared(before);
    if (stopped) say("Stopped.", "bad");
    else say(kind === "packed" ? "Ready." : `Ready. It is not packed: it is linked with ${rootfs.name}.`);
    stopped = false;
  },
  filesystem() { // one was dropped in place of a program
    rootfs = program;
    program = last;
    if (program) open(program.name, program.bytes, program.fields).catch((error) => fail(error.message));
    else say(`Programs that are not packed are linked with ${rootfs.name} from now on.`);
  },
  prepared({ before }) {
    prepared(before);
    say("Ready.");
  },
  output({ pieces }) {
    for (const { stream, data } of pieces) {
      if (stream === "calls") calls.add(data);
      else for (const bytes of data) terminal.write(stream, bytes);
    }
  },
  ended({ status, trap, functions, milliseconds, before, after, changes }) {
    setRunning(false);
    [listings, changed] = [{ before, after }, changes];
    const time = milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
    if (trap) terminal.note([trap, ...functions.map((name) => `in ${name}`)].join("\n"));
    const printsIntoTree = terminal.isEmpty && after.some(({ path }) => path === "/run/stdout");
    if (printsIntoTree) terminal.note("It printed nothing here. Its output is in the tree: /run/stdout, /run/stderr.");
    if (trap) say(`It trapped after ${time}. The tree is as it left it.`, "bad");
    else say(`It ended with status ${status} after ${time}.`, status === 0 ? "good" : "bad");
    const untold = "None were told. A packed program tells them if it was packed with --trace or --trace=env.";
    const none = program.kind === "packed" ? untold : "It made none.";
    if (calls.total === 0) calls.hint($("trace").checked ? none : "They were not asked for.");
    $("side").querySelector("[value=after]").disabled = false;
    show("after");
  },
  contents({ id, bytes }) {
    questions.get(id)?.resolve(bytes);
    questions.delete(id);
  },
  failed({ id, asked, text }) {
    if (id !== undefined) {
      questions.get(id)?.reject(new Error(text));
      return void questions.delete(id);
    }
    fail(text);
    if (asked === "open") program = null;
    enable();
  },
};
/** Asks the worker for bytes. */
function contents(message) {
  return new Promise((resolve, reject) => {
    if (running) return reject(new Error("The program is running. When it has ended its files can be read."));
    questions.set(++lastQuestion, { resolve, reject });
    worker.postMessage({ ...message, id: lastQuestion });
  });
}

// What is run.

/** How a program is started: what the fields say. */
const settings = () => ({ args: split(field.arguments.value), env: environment(), stdin: field.stdin.value });
/** The variables that are given, or an error that names the line that is none. */
function environment() {
  const lines = field.environment.value.split("\n").filter((line) => line.trim());
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf("=");
    if (at < 1) throw new Error(`The environment has a line that is not NAME=VALUE: ${line}`);
    return [line.slice(0, at), line.slice(at + 1)];
  }));
}

async function open(name, bytes, fields = { arguments: join([name]) }) {
  loading++;
  stopped = false;
  setRunning(false);
  if (program?.kind) last = { ...program, fields: Object.fromEntries(FIELDS.map((id) => [id, field[id].value])) };
  program = { name, bytes };
  calls.clear("What the program asks of its filesystem appears here.");
  terminal.clear();
  forgetTree();
  for (const id of FIELDS) field[id].value = fields[id] ?? "";
  $("chosen").hidden = false;
  $("chosen").textContent = `${name}, ${size(bytes.byteLength)}`;
  say("Compiling ...");
  await send();
}
/** Gives a new worker the program. */
async function send() {
  startWorker();
  rootfs ??= { name: "an empty tree", bytes: await load("rootfs.wasm") };
  worker.postMessage({ type: "open", name: program.name, bytes: program.bytes, rootfs: rootfs.bytes, files });
}

async function load(url) {
  const response = await fetch(new URL(url, import.meta.url));
  if (!response.ok) throw new Error(`${url} is missing here (${response.status}): was the page built by \`cargo xtask web\`?`);
  return response.arrayBuffer();
}
function setRunning(now) {
  running = now;
  document.body.classList.toggle("running", now);
  enable();
}
function enable() {
  $("run").disabled = running || !program;
  $("stop").disabled = !running;
  $("tar").disabled = running || !listings.before;
}
function run() {
  const { args, env, stdin } = settings();
  if ($("trace").checked) env.WASM_VFS_TRACE = "1";
  terminal.clear();
  calls.clear($("trace").checked ? "" : "They were not asked for.");
  setRunning(true);
  say("Running ...");
  // Where the results are not beside the form, they are looked at now.
  if (matchMedia("(max-width: 60rem)").matches) $("results").scrollIntoView();
  worker.postMessage({ type: "run", files, args, env, stdin });
}
async function stop() {
  stopped = true;
  setRunning(false);
  say("Stopping ...");
  terminal.note("Stopped. What the program had changed is gone with it.");
  await send();
}

// Files for the program.

function add(found) {
  const directories = $("directory").value.split("/").filter(Boolean);
  for (const { name, bytes } of found) {
    const path = ["", ...directories, name].join("/");
    files = [...files.filter((file) => file.path !== path), { path, bytes }];
  }
  listInputs();
}
function listInputs() {
  $("input-list").replaceChildren(...files.map(({ path, bytes }) => {
    const remove = make("button", { type: "button", textContent: "Remove", ariaLabel: `Remove ${path}` });
    remove.onclick = () => {
      files = files.filter((file) => file.path !== path);
      listInputs();
    };
    return make("li", {}, `${path}, ${size(bytes.byteLength)} `, remove);
  }));
  if (program && !running) worker.postMessage({ type: "files", files });
}
/** The files of a drop, with those in directories: `{ name, bytes }`, the name with the directories' names. */
async function dropped(transfer) {
  const found = [];
  const walk = async (entry) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      return void found.push({ name: entry.fullPath.slice(1), bytes: await file.arrayBuffer() });
    }
    const reader = entry.createReader();
    const more = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    for (let some; (some = await more()).length > 0; ) for (const inner of some) await walk(inner);
  };
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()), plain = [...transfer.files];
  if (entries.some(Boolean)) for (const entry of entries.filter(Boolean)) await walk(entry);
  else for (const file of plain) found.push({ name: file.name, bytes: await file.arrayBuffer() });
  return found;
}

// The tree.

const side = () => document.querySelector("[name=side]:checked").value;
/** Where a path is read: what was removed is in the tree before only. */
const sideOf = (path) => (side() === "after" && changed.get(path) !== "removed" ? "after" : "before");
function forgetTree() {
  [listings, changed] = [{ before: null, after: null }, new Map()];
  tree.forget();
  viewer.clear();
  $("tree").replaceChildren();
  enable();
}
function prepared(before) {
  [listings, changed] = [{ before, after: null }, new Map()];
  $("side").querySelector("[value=after]").disabled = true;
  show("before");
  viewer.clear();
  enable();
}
function show(which) {
  $("side").querySelector(`[value=${which}]`).checked = true;
  const isAfter = which === "after";
  $("only-changed").disabled = !isAfter;
  const removed = isAfter ? listings.before.filter(({ path }) => changed.get(path) === "removed") : [];
  const entries = [...listings[which], ...removed].sort((a, b) => (a.path < b.path ? -1 : 1));
  tree.show(entries, isAfter ? { marks: changed, onlyChanged: $("only-changed").checked } : {});
  enable();
}

// Words.

function say(text, kind = "") { [$("status").textContent, $("status").className] = [text, kind]; }
function fail(text) {
  setRunning(false);
  say(text, "bad");
}
/** Splits a line as a shell does: blanks part, quotes and backslashes keep. */
function split(line) {
  const words = line.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g) ?? [];
  return words.map((word) => word.replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, one, double, single) => one ?? double?.replace(/\\(["\\])/g, "$1") ?? single));
}
const join = (words) => words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");

// What the person does.

/** A listener whose errors are told. */
const attempt = (body) => async (event) => {
  try {
    await body(event);
  } catch (error) {
    fail(error.message);
  }
};
$("setup").addEventListener("submit", attempt((event) => {
  event.preventDefault();
  if (!$("run").disabled) run();
}));
$("stop").addEventListener("click", attempt(stop));
$("program-file").addEventListener("change", attempt(async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  const bytes = await file.arrayBuffer();
  target.value = ""; // the same file may be chosen again
  unpress();
  await open(file.name, bytes);
}));
$("input-files").addEventListener("change", attempt(async ({ target }) => {
  add(await Promise.all([...target.files].map(async (file) => ({ name: file.name, bytes: await file.arrayBuffer() }))));
  target.value = "";
}));
$("side").addEventListener("change", () => {
  viewer.clear();
  show(side());
});
$("only-changed").addEventListener("change", () => show(side()));
$("tar").addEventListener("click", attempt(async () => download(`${side()}.tar`, await contents({ type: "tar", side: side() }))));
for (const type of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    const over = event.target.closest?.(".drop");
    for (const place of document.querySelectorAll(".drop")) place.classList.toggle("over", type === "dragover" && place === over);
  });
}
document.addEventListener("drop", attempt(async (event) => {
  const toInputs = event.target.closest?.("#inputs");
  const found = await dropped(event.dataTransfer);
  // Onto the files, all are files for the program; anywhere else, the first .wasm is the program.
  const program = found.find(({ name }) => name.endsWith(".wasm")) ?? (event.target.closest?.("#program") && found[0]);
  const chosen = toInputs ? undefined : program;
  const others = found.filter((file) => file !== chosen);
  if (others.length) add(others);
  if (!chosen) return;
  unpress();
  await open(chosen.name, chosen.bytes);
}));

// The packed examples.

const unpress = () => document.querySelector("#examples [aria-pressed=true]")?.setAttribute("aria-pressed", false);
let loading = 0; // what is chosen last is what is opened
async function offer() {
  const examples = JSON.parse(new TextDecoder().decode(await load("examples.json")));
  for (const { file, title, text, bytes, args, stdin } of examples) {
    const button = make("button", { type: "button", ariaPressed: "false" }, make("strong", { textContent: title }), ` ${text}, ${size(bytes)}`);
    button.addEventListener("click", attempt(async () => {
      unpress();
      button.setAttribute("aria-pressed", true);
      say("Loading ...");
      const mine = ++loading, wasm = await load(file);
      if (mine === loading) await open(file.split("/").at(-1), wasm, { arguments: join(args), stdin });
    }));
    $("examples").append(button);
  }
}
say("Choose a program.");
offer().catch((error) => fail(error.message));
