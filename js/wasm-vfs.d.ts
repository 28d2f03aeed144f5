/**
 * Types of the package `wasm-vfs`. A test holds them against the module: what is declared here is
 * there, and the other way round.
 */

/** Contents: text, which is stored as UTF-8, or bytes. Of a view, all its bytes are meant. */
export type Bytes = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** What a program gets from its host. All of it may be left out. */
export interface Options {
  /** The arguments, the program's name first. Default: `["program"]`. No string may contain NUL. */
  args?: readonly string[];

  /**
   * The environment; `process.env` will do. Default: no variables. An undefined value is an empty
   * one. No string may contain NUL.
   */
  env?: Readonly<Record<string, string | undefined>>;

  /**
   * Standard input: all of it, or a function that returns the next bytes, at best not more than
   * `length`, and nothing (or no bytes) at the end. Default: nothing.
   */
  stdin?: Bytes | ((length: number) => Bytes | null | undefined);

  /**
   * Takes what the program writes to standard output. The bytes are the function's to keep.
   * Default: this process's standard output; where there is none, the console, line by line.
   */
  stdout?: (bytes: Uint8Array<ArrayBuffer>) => unknown;

  /** The same for standard error. */
  stderr?: (bytes: Uint8Array<ArrayBuffer>) => unknown;

  /**
   * Takes the lines that a program packed with `--trace` writes about its calls, without their
   * ends. Default: they go to `stderr`.
   */
  trace?: (line: string) => unknown;

  /**
   * What else the modules import, by module and name. Functions under `wasi_snapshot_preview1` take
   * the place of this package's own.
   */
  imports?: Readonly<Record<string, Readonly<Record<string, WebAssembly.ImportValue>>>>;
}

/** What a directory entry is. */
export type FileType =
  | "file"
  | "directory"
  | "symlink"
  | "character"
  | "block"
  | "fifo"
  | "socket";

/** An entry of a directory. */
export interface DirEntry {
  name: string;
  type: FileType;
  /** The inode number. */
  ino: bigint;
}

/** What a file is. */
export interface Stat {
  /** The inode number. */
  ino: bigint;
  type: FileType;
  /** The permission bits, `0o644` for example. */
  mode: number;
  /** In bytes. */
  size: number;
  /** How many hard links there are. */
  nlink: number;
  /** The owner. */
  uid: number;
  /** The group. */
  gid: number;
  /** When it was read last. A packed tree does not keep this up. */
  atime: Date;
  /** When its contents changed last. */
  mtime: Date;
  /** When anything about it changed last. */
  ctime: Date;
}

/**
 * Instantiates a program that `wasm-vfs pack` wrote. It does not start it.
 *
 * @param source the module, or its bytes
 * @throws {TypeError} for options that cannot be what was meant
 * @throws {Error} if the program has no host interface (`--strip-host-api`)
 */
export function instantiate(
  source: WebAssembly.Module | BufferSource,
  options?: Options,
): Promise<Program>;

/**
 * Links a program that is not packed with a filesystem that `wasm-vfs image` baked, and
 * instantiates both. It does not start the program. The engine must have multi-memory.
 *
 * A program that exports its memory, as nearly all do, must not call WASI in its start function
 * (`_start` and `_initialize` are none). A program that imports its memory gets one of the size
 * that its bytes say, or the one in `options.imports`.
 *
 * @param source the program: a module, or its bytes
 * @param rootfs the filesystem: a module, or its bytes
 * @throws {Error} if the engine has no multi-memory, or the two cannot be linked
 */
export function link(
  source: WebAssembly.Module | BufferSource,
  rootfs: WebAssembly.Module | BufferSource,
  options?: Options,
): Promise<Program>;

/**
 * A program that is instantiated, and the tree of files that belongs to it. Paths start at `/` (the
 * slash may be left out). The methods for files may be called before the program starts, after it
 * has ended in any way, and in between. What the tree refuses they throw as a `VfsError`.
 */
export class Program {
  /**
   * Makes a program of an instance that you have made yourself, of a module that `wasm-vfs pack`
   * wrote.
   *
   * @param instance the program
   * @param treeExports the exports that are the host interface. Default: those of the program
   * @throws {Error} if there is no host interface
   */
  constructor(instance: WebAssembly.Instance, treeExports?: WebAssembly.Exports);

  /** The program. */
  instance: WebAssembly.Instance;

  /**
   * Runs the program: its `_start`, or `_initialize` if it is a reactor.
   *
   * @returns the exit status; 0 if the program just returned
   * @throws a trap, as the engine throws it. The tree is there all the same
   * @throws {Error} if the program exports neither
   */
  start(): number;

  /** What the program gave to `proc_exit`; undefined if it has not ended that way. */
  get exitStatus(): number | undefined;

  /**
   * Writes a file, and makes the directories that it is in. A file that is there is replaced.
   *
   * @param mode its permissions. Default: `0o644`
   * @throws {TypeError} if the contents are neither text nor bytes
   */
  put(path: string, contents: Bytes, mode?: number): void;

  /** Reads a file. */
  get(path: string): Uint8Array<ArrayBuffer>;

  /** Lists a directory, without `.` and `..`. */
  list(path: string): DirEntry[];

  /**
   * Describes a file.
   *
   * @param options `follow: false` describes a symbolic link itself
   */
  stat(path: string, options?: { follow?: boolean }): Stat;

  /** Reads a symbolic link: its target. */
  readlink(path: string): string;

  /**
   * Makes a directory, and those that it is in. One that is there already will do.
   *
   * @param mode its permissions. Default: `0o755`
   */
  mkdir(path: string, mode?: number): void;

  /** Removes a file, or a directory with all beneath it. */
  remove(path: string): void;

  /** Unpacks a tar archive, not a compressed one, into a directory, which is made if missing. */
  importTar(path: string, archive: Bytes): void;

  /** Packs a directory as a tar archive. */
  exportTar(path: string): Uint8Array<ArrayBuffer>;
}

/** What the filesystem refused. */
export class VfsError extends Error {
  /**
   * @param errno the error number, as Linux has it
   * @param what was asked for: the message begins with it
   * @param code the name of the error number. Default: the one that Linux has for it
   */
  constructor(errno: number, what: string, code?: string);

  /** The error number, as Linux has it. */
  errno: number;

  /** Its name: `"ENOENT"`, for example. */
  code: string;
}
