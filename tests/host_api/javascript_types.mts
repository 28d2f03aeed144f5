// A user of everything that the JavaScript package declares. It is checked, and not run.
import {
  instantiate,
  link,
  Program,
  VfsError,
  type Bytes,
  type Change,
  type Difference,
  type DirEntry,
  type FileType,
  type Options,
  type Stat,
} from "wasm-vfs";

declare const bytes: Uint8Array<ArrayBuffer>;
declare const shared: SharedArrayBuffer;
declare const module: WebAssembly.Module;
declare const environment: Record<string, string | undefined>;

const options: Options = {
  args: ["app", "--fast"] as const,
  env: environment,
  stdin: "typed",
  stdout: (piece) => void new Blob([piece]),
  stderr: (piece: Uint8Array) => piece.length,
  trace: (line) => line.toUpperCase(),
  imports: {
    env: { beep() {}, memory: new WebAssembly.Memory({ initial: 1 }), zero: 0 },
    wasi_snapshot_preview1: { sock_shutdown: (fd: number, how: number) => fd + how },
  },
};
const inputs: Options["stdin"][] = [
  bytes,
  bytes.buffer,
  shared,
  new DataView(shared),
  () => undefined,
  () => null,
  (length) => bytes.subarray(0, length),
  () => "text",
];

const program: Program = await instantiate(module);
await instantiate(bytes, options);
await instantiate(bytes.buffer, { env: {} });
await link(module, bytes, { ...options, stdin: inputs[0] });
await link(bytes, module);
const made = new Program(await WebAssembly.instantiate(module, {}));
const instance: WebAssembly.Instance = made.instance;
const linked: Program = new Program(instance, instance.exports);

const status: number = linked.start();
const exitStatus: number | undefined = program.exitStatus;
const contents: Bytes[] = ["text", bytes, bytes.buffer, shared, new DataView(shared), new Float64Array(1)];
for (const content of contents) program.put("/a", content);
program.put("/a", "text", 0o600);
const got: Uint8Array<ArrayBuffer> = program.get("/a");
const entries: DirEntry[] = program.list("/");
for (const { name, type, ino } of entries) describe(name, type, ino);
const stat: Stat = program.stat("/a");
program.stat("/a", {});
const { ino, type, mode, size, nlink, uid, gid, atime, mtime, ctime } = program.stat("/a", { follow: false });
const numbers: number[] = [status, exitStatus ?? 0, mode, size, nlink, uid, gid, got.length];
const times: Date[] = [atime, mtime, ctime, stat.mtime];
const target: string = program.readlink("/link");
program.mkdir("/d");
program.mkdir("/d", 0o700);
program.remove("/d");
program.importTar("/d", program.exportTar("/"));
program.importLayer("/d", program.exportLayer());
program.restore(program.snapshot());
program.revert();
for (const change of program.changes()) tell(change);
describe(target, type, ino);
numbers.concat(times.map((time) => time.getTime()));

function tell(change: Change): string {
  switch (change.kind) {
    case "added":
      return `${change.path} ${change.ino} ${change.from ?? ""} ${change.replaces ?? ""}`;
    case "removed":
      return `${change.path} ${change.type} ${change.renamed}`;
    case "modified":
      return change.differences.map((difference: Difference) => `${change.ino} ${difference}`).join();
  }
}

function describe(name: string, type: FileType, ino: bigint): string {
  switch (type) {
    case "file":
    case "directory":
    case "symlink":
    case "character":
    case "block":
    case "fifo":
    case "socket":
      return `${name} ${ino}`;
    default:
      return type satisfies never;
  }
}

try {
  program.get("/none");
} catch (error) {
  if (error instanceof VfsError && error.code === "ENOENT") throw new VfsError(error.errno, error.message);
  throw new VfsError(5, "get /none", "EIO");
}

// What is no contents, path, option or public item is refused.
// @ts-expect-error
program.put("/a", [1, 2]);
// @ts-expect-error
program.put("/a", 7);
// @ts-expect-error
program.get(7);
// @ts-expect-error
await instantiate(bytes, { arguments: [] });
// @ts-expect-error
await instantiate(bytes, { stdin: () => 7 });
// @ts-expect-error
await link(bytes);
// @ts-expect-error
program.exitStatus = 1;
// @ts-expect-error
program.symlink("/a", "/b");
