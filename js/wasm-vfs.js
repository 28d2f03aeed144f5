// Runs programs packed by wasm-vfs, in browsers, Node and Deno, and reaches the tree in them:
//     import { instantiate } from "./wasm-vfs.js";
//     const program = await instantiate(bytes, { args: ["app", "--fast"] });
//     program.put("/input/data.csv", "a,b\n1,2\n");
//     const status = program.start();                      // a trap is thrown; the tree is there all the same
//     const report = program.get("/output/report.txt");    // a Uint8Array
// And links a program that is not packed with a filesystem that `wasm-vfs image` baked, where the engine has multi-memory:
//     const program = await link(bytes, rootfs, { args: ["app"] });    // from here on the same
//
// No dependencies. It is the functions of preview1 that a packed program still asks of its host, and the host interface that the
// program exports (adapter/src/host_api/mod.rs documents it).

const encode = (text) => (typeof text === "string" ? new TextEncoder().encode(text) : new Uint8Array(text));
const PIECE_BYTES = 1 << 18, PATH_BYTES = 4096, STAT_BYTES = 80, NOFOLLOW = 0x100;
const LENT = 1024; // where the filesystem writes its own lines from: bytes of the program's memory, put back afterwards (adapter/src/host.rs)
const TWO_MEMORIES = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0]);
const BADF = 8, INVAL = 28, NOSYS = 52, SPIPE = 70; // preview1's numbers; below are Linux's
const ERRNOS = { 2: "ENOENT", 5: "EIO", 12: "ENOMEM", 14: "EFAULT", 16: "EBUSY", 17: "EEXIST", 18: "EXDEV", 20: "ENOTDIR", 21: "EISDIR",
  22: "EINVAL", 27: "EFBIG", 28: "ENOSPC", 30: "EROFS", 36: "ENAMETOOLONG", 40: "ELOOP", 84: "EILSEQ", 95: "EOPNOTSUPP" };
const TYPES = { 1: "fifo", 2: "character", 4: "directory", 6: "block", 8: "file", 10: "symlink", 12: "socket" };

/** What the filesystem refused: `code` is the errno's name, `errno` its number on Linux. */
export class VfsError extends Error {
  constructor(errno, what, code = ERRNOS[errno] ?? `error ${errno}`) {
    Object.assign(super(`${what}: ${code}`), { name: "VfsError", errno, code });
  }
}
/** Where output goes if nobody says: to Node's stream, or by lines to the console. */
function printer(stream, log) {
  const [node, decoder, lines] = [globalThis.process?.[stream], new TextDecoder(), [""]];
  return (bytes) => {
    if (node?.write) return void node.write(bytes);
    lines.push(...(lines.pop() + decoder.decode(bytes, { stream: true })).split("\n"));
    while (lines.length > 1) log(lines.shift());
  };
}
/** Lets time pass; where a thread may not block (a browser's main one), by looking at the clock. */
function sleep(milliseconds) {
  const end = performance.now() + milliseconds;
  try { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds); } catch { while (performance.now() < end); }
}

/** The functions of preview1 that a packed program asks of its host. `buffer()` is the program's memory as it is now. */
function preview1({ args = ["program"], env = {}, stdin, stdout, stderr, trace }, buffer) {
  const view = () => new DataView(buffer());
  const bytes = (at, len) => new Uint8Array(buffer(), at >>> 0, len >>> 0);
  const put32 = (at, value) => (view().setUint32(at, value, true), 0);
  const put = (at, data) => (bytes(at, data.length).set(data), data.length);
  const put64 = (at, value) => (view().setBigUint64(at, value, true), 0);
  // A terminal if it is one, or a console: what is printed there comes by lines. Whoever takes bytes is none.
  const fileType = (fd, own = globalThis.process?.[["stdin", "stdout", "stderr"][fd]] ?? { isTTY: true }) => (([stdin, stdout, stderr][fd] ?? own).isTTY ? 2 : 0);
  const out = [null, stdout ?? printer("stdout", console.log), stderr ?? printer("stderr", console.error)];
  let input = typeof stdin === "function" ? null : encode(stdin ?? "");
  const read = (len) => {
    const part = (input ?? encode(stdin(len) ?? "")).subarray(0, len);
    return (input &&= input.subarray(part.length)), part;
  };
  const strings = (list) => {
    const encoded = list.map((text) => encode(`${text}\0`));
    const get = (pointers, at) => encoded.reduce((to, text, index) => to + put32(pointers + 4 * index, to) + put(to, text), at) && 0;
    return [(count, len) => put32(count, list.length) || put32(len, encoded.reduce((sum, text) => sum + text.length, 0)), get];
  };
  const [[args_sizes_get, args_get], [environ_sizes_get, environ_get]] = [strings(args), strings(Object.entries(env).map((pair) => pair.join("=")))];
  const now = (id) => (id === 0 ? BigInt(Date.now()) * 1000000n : BigInt(Math.round(performance.now() * 1e6)));
  const each = (at, count, total, move) => { // piece after piece of a vector, until one is not moved whole
    let [sum, moved, len] = [0, 0, 0];
    for (let piece = at; piece < at + 8 * count && moved === len; piece += 8) {
      len = view().getUint32(piece + 4, true);
      sum += moved = move(view().getUint32(piece, true), len);
    }
    return put32(total, sum);
  };
  const traced = (at, total) => { // the line of `--trace` that is being written to standard error, if it is one
    if (!trace || at !== LENT || total !== LENT + 8 || view().getUint32(at, true) !== LENT + 16) return null;
    const line = new TextDecoder().decode(bytes(LENT + 16, view().getUint32(at + 4, true)).slice());
    return /^[a-z0-9_@]+\(.*\) = .*\n$/.test(line) ? line.slice(0, -1) : null;
  };
  const onStream = (answer) => (fd, ...rest) => (fd >= 0 && fd <= 2 ? answer(fd, ...rest) : BADF);
  return {
    args_sizes_get, args_get, environ_sizes_get, environ_get,
    clock_res_get: (id, at) => put64(at, id === 0 ? 1000000n : 1000n),
    clock_time_get: (id, precision, at) => put64(at, now(id)),
    random_get(at, len) { // the generator gives 64 KiB at a time
      for (; len > 0; [at, len] = [at + 65536, len - 65536]) crypto.getRandomValues(bytes(at, Math.min(65536, len)));
      return 0;
    },
    proc_exit: (status) => { throw new Error(`exit status ${status}`); }, // the filesystem has noted it
    fd_close: onStream(() => 0), sched_yield: () => 0,
    fd_fdstat_get: onStream((fd, at) => // it may be read or written, and polled
      ((bytes(at, 24).fill(0)[0] = fileType(fd)), put64(at + 8, fd === 0 ? 0x8000002n : 0x8000040n))),
    fd_filestat_get: onStream((fd, at) => ((bytes(at, 64).fill(0)[16] = fileType(fd)), 0)),
    fd_seek: onStream(() => SPIPE),
    fd_read: (fd, at, count, total) => (fd !== 0 ? BADF : each(at, count, total, (address, len) => put(address, read(len)))),
    fd_write(fd, at, count, total) {
      const line = fd === 2 && count === 1 ? traced(at, total) : null;
      const write = line === null ? out[fd] : () => trace(line);
      return !write ? BADF : each(at, count, total, (address, len) => (write(bytes(address, len).slice()), len));
    },
    poll_oneoff(subscriptions, events, count, total) { // streams are ready at once; of clocks, the first to ring is waited for
      if (count === 0) return INVAL;
      const waiting = Array.from({ length: count }, (_, index) => {
        const [at, data] = [subscriptions + 48 * index, view()];
        const type = data.getUint8(at + 8);
        const since = data.getUint16(at + 40, true) & 1 ? now(data.getUint32(at + 16, true)) : 0n;
        return { user: data.getBigUint64(at, true), type, left: type ? 0n : data.getBigUint64(at + 24, true) - since };
      });
      const first = waiting.reduce((least, { left }) => (left < least ? left : least), waiting[0].left);
      if (first > 0n) sleep(Number(first) / 1e6);
      const ready = waiting.filter(({ left }) => left <= first || left <= 0n);
      ready.forEach(({ user, type }, index) => ((bytes(events + 32 * index, 32).fill(0)[10] = type), put64(events + 32 * index, user)));
      return put32(total, ready.length);
    },
  };
}

const demand = (holds, what) => { if (!holds) throw new Error(what); };
const compile = async (source) => (source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source));
/** What the host gives to the modules: functions of preview1, the embedder's own first; what it does not know is answered so. */
function host(options, buffer, ...modules) {
  const own = { ...preview1(options, buffer), ...options.imports?.wasi_snapshot_preview1 };
  for (const { name } of modules.flatMap((module) => WebAssembly.Module.imports(module))) own[name] ??= () => NOSYS;
  return own;
}

// Instantiates a packed program: a `WebAssembly.Module` or its bytes. Options: `args` (the program's name first), `env` (an object),
// `stdin` (text, bytes, or a function from a length to bytes, none at the end), `stdout` and `stderr` (functions that get bytes),
// `trace` (a function that gets the lines of `--trace`, which else go to `stderr`), `imports` (what else the module imports, and other
// functions of preview1).
export async function instantiate(source, options = {}) {
  const module = await compile(source);
  let instance;
  const wasi_snapshot_preview1 = host(options, () => instance.exports.memory.buffer, module);
  instance = await WebAssembly.instantiate(module, { ...options.imports, wasi_snapshot_preview1 });
  return new Program(instance);
}

// Links a program that is not packed with a filesystem, what `wasm-vfs image` wrote: modules or their bytes. Options as above. The
// filesystem works on the program's memory. One that the program imports is made first, and the program calls the filesystem
// directly. One that it exports is there when the program is: what the program calls is bound then, and goes through JavaScript.
export async function link(source, rootfs, options = {}) {
  demand(WebAssembly.validate(TWO_MEMORIES), "this engine has no multi-memory, which linking at run time needs: use `wasm-vfs pack`");
  const [program, adapter] = await Promise.all([compile(source), compile(rootfs)]);
  const isFilesystem = WebAssembly.Module.imports(adapter).some(({ module, kind }) => module === "app" && kind === "memory");
  demand(isFilesystem, "the filesystem is none that `wasm-vfs image` wrote");
  const isPlain = WebAssembly.Module.customSections(program, "wasm-vfs").length === 0;
  demand(isPlain, "the program is packed (use `instantiate`), or it is a filesystem itself");
  const imports = WebAssembly.Module.imports(program), wasi = { wasi_snapshot_preview1: {}, wasi_unstable: {} };
  const calls = imports.filter(({ module, kind }) => module in wasi && kind === "function");
  const imported = imports.find(({ kind }) => kind === "memory");
  let memory = imported && (options.imports?.[imported.module]?.[imported.name] ?? new WebAssembly.Memory(importedMemory(source)));
  const wasi_host = host(options, () => memory.buffer, adapter, program);
  let tree; // the filesystem's exports, once it is bound to the memory
  const bind = async () => {
    try {
      tree = (await WebAssembly.instantiate(adapter, { app: { memory }, wasi_host })).exports;
    } catch (error) {
      demand(!(error instanceof WebAssembly.LinkError), `the program's memory must be 32-bit and not shared: ${error.message}`);
      throw error;
    }
  };
  const answer = ({ module, name }) => // the preview before has functions of its own where it differs; the host interface is not the program's
    (module === "wasi_unstable" && tree[`${name}@unstable`]) || (!name.startsWith("wasm_vfs_") && tree[name]) || wasi_host[name];
  const late = (call) => {
    let bound = (...operands) => { // until the first call
      demand(tree, `the program calls ${call.name} in its start function, before its memory is there: use \`wasm-vfs pack\`, or build it to import its memory`);
      return (bound = answer(call))(...operands);
    };
    return (...operands) => bound(...operands);
  };
  if (memory) await bind();
  for (const call of calls) wasi[call.module][call.name] = memory ? answer(call) : late(call);
  const own = memory && { [imported.module]: { ...options.imports?.[imported.module], [imported.name]: memory } };
  const instance = await WebAssembly.instantiate(program, { ...options.imports, ...own, ...wasi });
  const exported = instance.exports.memory;
  demand(memory ?? exported, "the program neither imports its memory nor exports it as `memory`");
  demand(!memory || !exported || memory === exported, "the memory that the program exports as `memory` is not the one that it imports");
  memory ??= exported;
  if (!tree) await bind();
  return new Program(instance, tree);
}
/** The size of the memory that a module imports, for `WebAssembly.Memory`: only the module's bytes tell. */
function importedMemory(source) {
  const hasBytes = !(source instanceof WebAssembly.Module);
  demand(hasBytes, "the program imports its memory, whose size only its bytes tell: give those, or the memory in `imports`");
  const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  let at = 8;
  const number = () => { // LEB128; only sizes are read as what they are
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const skip = (size = number()) => void (at += size);
  const limits = () => { const flags = number(), initial = number(); return { flags, initial, maximum: flags & 1 ? number() : undefined }; };
  const type = () => void ((bytes[at] === 0x63 || bytes[at] === 0x64) && at++, number()); // of a value; `(ref ...)` has two parts
  while (bytes[at++] !== 2) skip(); // to the section of imports
  number();
  for (let count = number(); count > 0; count--) {
    skip(), skip(); // the names
    const kind = bytes[at++];
    if (kind === 2) {
      const { flags, initial, maximum } = limits();
      demand(flags <= 1, "the program's memory must be 32-bit and not shared, with pages of 64 KiB");
      return maximum === undefined ? { initial } : { initial, maximum };
    }
    [number, () => (type(), limits()), null, () => (type(), at++), () => (at++, number())][kind](); // function, table, global, tag
  }
}

/** A packed program and the tree in it. Paths start at `/`; contents are text or bytes. What the tree refuses is a `VfsError`. */
export class Program {
  #tree;
  constructor(instance, tree = instance.exports) { // `tree`: the exports that are the host interface
    [this.instance, this.#tree] = [instance, tree];
    if (tree.wasm_vfs_version?.() !== 1) throw new Error("it exports no host interface of version 1 (--strip-host-api?)");
  }
  start() { // runs `_start` (of a reactor, `_initialize`); the exit status. A trap is thrown
    try {
      (this.instance.exports._start ?? this.instance.exports._initialize)();
    } catch (thrown) {
      if (this.exitStatus === undefined) throw thrown;
    }
    return this.exitStatus ?? 0;
  }
  /** What the program gave to `proc_exit`, or undefined. */
  get exitStatus() { return [this.#tree.wasm_vfs_exit_status()].find((status) => status !== -1); }
  put(path, contents, mode = 0o644) { // writes a file and makes the directories that it is in
    this.#send(path, contents, (at, len, done) => this.#call("put", path, ...at.path, at.data, len, BigInt(done), mode) - len);
  }
  /** The contents of a file. */
  get(path) { return this.#collect(path, (at, done) => this.#call("get", path, ...at.path, at.data, PIECE_BYTES, BigInt(done))); }
  list(path) { // the entries of a directory: `name`, `type`, `ino`
    const [at, entries] = [this.#room(path), []];
    for (let cookie = 0n, len; (len = this.#call("list", path, ...at.path, at.data, PIECE_BYTES, cookie)); ) {
      const bytes = this.#bytes(at.data, len).slice();
      for (let view = new DataView(bytes.buffer), entry = 0; entry < len; entry += view.getUint16(entry + 16, true)) {
        const name = new TextDecoder().decode(bytes.subarray(entry + 19, bytes.indexOf(0, entry + 19)));
        cookie = view.getBigInt64(entry + 8, true);
        entries.push({ name, type: TYPES[bytes[entry + 18]], ino: view.getBigUint64(entry, true) });
      }
    }
    return entries.filter(({ name }) => name !== "." && name !== "..");
  }
  stat(path, { follow = true } = {}) { // what a file is: `type`, `mode`, `size`, `nlink`, `mtime` ...
    const at = this.#room(path);
    this.#call("stat", path, ...at.path, follow ? 0 : NOFOLLOW, at.data);
    const view = new DataView(this.#bytes(at.data, STAT_BYTES).slice().buffer);
    const [mode, nlink, uid, gid] = [24, 28, 32, 36].map((field) => view.getUint32(field, true));
    const time = (sec, nsec) => new Date(Number(view.getBigInt64(sec, true)) * 1000 + view.getUint32(nsec, true) / 1e6);
    return { ino: view.getBigUint64(0, true), size: Number(view.getBigUint64(8, true)), type: TYPES[mode >> 12], mode: mode & 0o7777,
      nlink, uid, gid, atime: time(40, 64), mtime: time(48, 68), ctime: time(56, 72) };
  }
  readlink(path) { // what a symbolic link says
    const at = this.#room(path);
    return new TextDecoder().decode(this.#bytes(at.data, this.#call("readlink", path, ...at.path, at.data, PATH_BYTES)).slice());
  }
  /** Makes a directory and those that it is in. Removes a file, or a directory with all beneath it. */
  mkdir(path, mode = 0o755) { this.#call("mkdir", path, ...this.#room(path).path, mode); }
  remove(path) { this.#call("remove", path, ...this.#room(path).path); }
  importTar(path, archive) { // unpacks a tar archive (not a compressed one) into a directory
    this.#call("import_begin", path, ...this.#room(path).path);
    this.#send(path, archive, (at, len) => this.#call("import", path, at.data, len));
    this.#call("import_end", path);
  }
  exportTar(path) { // a directory as a tar archive
    this.#call("export_begin", path, ...this.#room(path).path);
    return this.#collect(path, (at) => this.#call("export", path, at.data, PIECE_BYTES));
  }
  #call(name, path, ...args) {
    const answer = this.#tree[`wasm_vfs_${name}`](...args);
    if (answer < 0) throw new VfsError(-answer, `${name} ${path}`);
    return answer;
  }
  #bytes(address, len) { // the memory may have grown or moved since the last call
    const { wasm_vfs_memory: memory, wasm_vfs_base: base } = this.#tree;
    return new Uint8Array(memory.buffer, (base.value >>> 0) + (address >>> 0), len);
  }
  #room(path) { // for a path, which is put there, and a piece behind it
    const { length } = encode(path);
    const address = this.#tree.wasm_vfs_allocate(length + PIECE_BYTES);
    if (address === 0) throw new VfsError(12, path);
    this.#bytes(address, length).set(encode(path));
    return { path: [address, length], data: address + length };
  }
  #send(path, contents, send) {
    const [at, data] = [this.#room(path), encode(contents)];
    for (let done = 0; done === 0 || done < data.length; done += PIECE_BYTES) {
      const piece = data.subarray(done, done + PIECE_BYTES);
      this.#bytes(at.data, piece.length).set(piece);
      if (send(at, piece.length, done) < 0) throw new VfsError(28, path);
    }
  }
  #collect(path, next) {
    const [at, pieces] = [this.#room(path), []];
    let done = 0;
    for (let len; (len = next(at, done)) > 0; done += len) pieces.push([done, this.#bytes(at.data, len).slice()]);
    return pieces.reduce((all, [place, piece]) => (all.set(piece, place), all), new Uint8Array(done));
  }
}
