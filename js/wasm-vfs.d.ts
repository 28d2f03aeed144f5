/**
 * Types of the package `wasm-vfs`. A test compares them with the module: it exports every value
 * that is declared here, and no other.
 */

/**
 * Contents of a file: text, which is encoded as UTF-8, or bytes. A view stands for all the bytes
 * that it covers, whatever the type of its elements.
 */
export type Bytes = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** Everything that you can provide to a program. Every option may be left out. */
export interface Options {
  /** The arguments, the program's name first. Default: `["program"]`. No string may contain NUL. */
  args?: readonly string[];

  /**
   * The environment, `process.env` for example. Default: no variables. An undefined value becomes
   * an empty one. No string may contain NUL.
   */
  env?: Readonly<Record<string, string | undefined>>;

  /**
   * Standard input: either all of it, or a function that returns the next bytes. The program asked
   * for `length` bytes; if the function returns more, the rest is kept for the next read. At the
   * end it returns nothing, or no bytes. Default: no input.
   */
  stdin?: Bytes | ((length: number) => Bytes | null | undefined);

  /**
   * Receives the bytes that the program writes to standard output, in pieces, and takes each as a
   * whole. It may keep them. What it returns is ignored.
   *
   * If it throws an error whose `code` is `"EAGAIN"`, it has taken nothing of the piece: the thread
   * waits and the function gets the same piece again. The program learns the codes `"EPIPE"`,
   * `"ENOSPC"`, `"EIO"`, `"EBADF"`, `"EFBIG"`, `"EDQUOT"` and `"ECONNRESET"` as the errno of its
   * write. Whatever else it throws, ends the program and is thrown to the caller of `start`.
   *
   * Where there is a process, no piece is larger than what a pipe takes as a whole or not at all
   * (4,096 bytes on Linux, 512 elsewhere), so that the function may write to a full pipe.
   *
   * Default: the standard output of this process, written synchronously, with the same waiting and
   * the same errors; where there is no process, the console, line by line.
   */
  stdout?: (bytes: Uint8Array<ArrayBuffer>) => unknown;

  /** Receives the bytes that the program writes to standard error. As `stdout` in everything. */
  stderr?: (bytes: Uint8Array<ArrayBuffer>) => unknown;

  /**
   * Receives the lines that a program packed with `--trace` writes about its calls, one at a time
   * and without the line feed. Default: they go to `stderr`.
   */
  trace?: (line: string) => unknown;

  /**
   * Is called after each call of the program that changed its files, or was about to and failed.
   * The program must be packed with `--events`. The function may call every method of the program
   * but `start`. What it throws ends the program and is thrown to the caller of `start`.
   */
  onChange?: (program: Program) => unknown;

  /**
   * Is called when the program syncs (fsync, fdatasync, sync, syncfs; msync with `MS_SYNC`; writes to
   * files opened with `O_SYNC` or `O_DSYNC`), after `onChange`. The program goes on when the function
   * returns, so by then `program.snapshot()` should be where it lasts. If it throws an error whose
   * `code` is `"ENOSPC"`, `"EDQUOT"` or `"EIO"`, the program learns that its sync failed; whatever
   * else it throws, ends the program. The program must be packed with `--events`.
   */
  onSync?: (program: Program) => unknown;

  /**
   * Further imports of the modules, by module and name. A function under `wasi_snapshot_preview1`
   * replaces the one of this package.
   */
  imports?: Readonly<Record<string, Readonly<Record<string, WebAssembly.ImportValue>>>>;
}

/** The type of a file. */
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

/** The status of a file, as stat(2) reports it. */
export interface Stat {
  /** The inode number. */
  ino: bigint;
  type: FileType;
  /** The permission bits, `0o644` for example. They do not include the type. */
  mode: number;
  /** The size in bytes. */
  size: number;
  /** The number of hard links. */
  nlink: number;
  /** The user id of the owner. */
  uid: number;
  /** The group id. */
  gid: number;
  /** The time of the last access. Reading does not update it. */
  atime: Date;
  /** The time of the last change of the contents. */
  mtime: Date;
  /** The time of the last change of the contents or of the status. */
  ctime: Date;
}

/** In what a file differs from what it was. `links`: it has got another name. */
export type Difference = "contents" | "mode" | "owner" | "times" | "xattrs" | "links";

/** One difference between the tree that was packed and the tree as it is. Paths have no slash in front. */
export type Change =
  | {
      /** A name that was not there, or that led to something else. */
      kind: "added";
      path: string;
      /** The inode number. */
      ino: bigint;
      /** The path that it had in the packed tree, if it was renamed. */
      from?: string;
      /** The type of what the name led to in the packed tree. */
      replaces?: FileType;
    }
  | {
      /** A name that is gone. A directory that was removed with everything below it is one change. */
      kind: "removed";
      path: string;
      type: FileType;
      /** Whether it has another name now. */
      renamed: boolean;
    }
  | {
      /** A name that leads to the same file, which differs. The root's path is empty. */
      kind: "modified";
      path: string;
      ino: bigint;
      differences: Difference[];
    };

/**
 * Instantiates a program that `wasm-vfs pack` wrote. Call `start` to run it.
 *
 * @param source the module, or its bytes
 * @throws {TypeError} if an option has a wrong type, or a string in `args` or `env` contains NUL
 * @throws {Error} if the program has no host interface (`--strip-host-api`)
 */
export function instantiate(
  source: WebAssembly.Module | BufferSource,
  options?: Options,
): Promise<Program>;

/**
 * Links a program that is not packed with a rootfs module that `wasm-vfs image` wrote, and
 * instantiates both. Call `start` to run the program. The engine must have multi-memory.
 *
 * A program that exports its memory, as nearly all do, must not call WASI in its start function
 * (this is not `_start` or `_initialize`, but the function that runs during instantiation). A
 * program that imports its memory gets one of the size that its bytes say, or the one in
 * `options.imports`.
 *
 * @param source the program: a module, or its bytes
 * @param rootfs the rootfs module, or its bytes
 * @throws {Error} if the engine has no multi-memory, or the two cannot be linked
 */
export function link(
  source: WebAssembly.Module | BufferSource,
  rootfs: WebAssembly.Module | BufferSource,
  options?: Options,
): Promise<Program>;

/**
 * An instantiated program and its tree of files. Paths start at `/` (the slash may be left out).
 * You can call the methods for files before the program starts, after it has ended in any way, and
 * between calls of its exports. They throw a `VfsError` if the filesystem refuses the operation.
 */
export class Program {
  /**
   * Wraps an instance of a packed module that you instantiated yourself.
   *
   * @param instance the instance of the program
   * @param treeExports the exports that contain the host interface. Default: the program's exports
   * @throws {Error} if there is no host interface
   */
  constructor(instance: WebAssembly.Instance, treeExports?: WebAssembly.Exports);

  /** The instance of the program. */
  instance: WebAssembly.Instance;

  /**
   * Runs the program: calls its `_start`, or `_initialize` if it is a reactor.
   *
   * @returns the exit status; 0 if the program just returned
   * @throws a trap, as the engine throws it. You can still read the tree
   * @throws {Error} if the program exports neither
   */
  start(): number;

  /** The status that the program passed to `proc_exit`; undefined if it did not call it. */
  get exitStatus(): number | undefined;

  /**
   * Writes a file, and creates the directories above it. Replaces a file that exists.
   *
   * @param mode the permissions of the file. Default: `0o644`
   * @throws {TypeError} if the contents are neither text nor bytes
   */
  put(path: string, contents: Bytes, mode?: number): void;

  /** Reads a whole file. */
  get(path: string): Uint8Array<ArrayBuffer>;

  /** Lists the entries of a directory, without `.` and `..`. */
  list(path: string): DirEntry[];

  /**
   * Reads the status of a file.
   *
   * @param options `follow: false` reads the status of a symbolic link itself. Default: `true`
   */
  stat(path: string, options?: { follow?: boolean }): Stat;

  /** Reads the target of a symbolic link. */
  readlink(path: string): string;

  /**
   * Creates a directory, and the directories above it. Does nothing if the directory exists.
   *
   * @param mode the permissions of the directory. Default: `0o755`
   */
  mkdir(path: string, mode?: number): void;

  /** Removes a file, or a directory and everything below it. */
  remove(path: string): void;

  /**
   * Unpacks an uncompressed tar archive into a directory, and creates the directory if needed. Files
   * with holes keep them. If a member is refused, the members before it are there, and nothing of it.
   */
  importTar(path: string, archive: Bytes): void;

  /** Packs a directory into a tar archive, files with holes as GNU tar's sparse members (1.0). */
  exportTar(path: string): Uint8Array<ArrayBuffer>;

  /**
   * Lists what differs from the tree that was packed, sorted by path. Of a new directory, everything
   * in it is listed; a directory that was renamed is listed with its old and its new name.
   *
   * @throws {VfsError} `EOVERFLOW` if the filesystem ran out of memory at some time, and does not
   *   know what differs
   */
  changes(): Change[];

  /**
   * Packs what differs from the tree that was packed into a layer: an uncompressed tar archive, as
   * OCI images have them. Equal changes make equal bytes.
   *
   * @throws {VfsError} `EINVAL` if a name begins with `.wh.`, which no layer can hold
   */
  exportLayer(): Uint8Array<ArrayBuffer>;

  /**
   * Applies a layer to a directory, and creates the directory if needed. What the layer says is gone
   * is removed, and what it holds replaces what was there.
   */
  importLayer(path: string, layer: Bytes): void;

  /** Makes the tree what it was when it was packed. What the program has open stays open. */
  revert(): void;

  /** Returns what `restore` takes, in any instance of the same packed program: the layer of changes. */
  snapshot(): Uint8Array<ArrayBuffer>;

  /**
   * Makes the tree what it was when `snapshot` was called. If the snapshot is damaged, nothing
   * changes.
   */
  restore(snapshot: Bytes): void;
}

/** An operation that the filesystem refused. */
export class VfsError extends Error {
  /**
   * @param errno the error number, as Linux numbers it
   * @param what the operation that failed; the message begins with it
   * @param code the name of the error number. Default: the name that Linux gives it
   */
  constructor(errno: number, what: string, code?: string);

  /** The error number, as Linux numbers it. */
  errno: number;

  /** The name of the error number: `"ENOENT"`, for example. */
  code: string;
}
