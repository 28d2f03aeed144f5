/**
 * `link`: links a program that is not packed with a rootfs module, a filesystem that `wasm-vfs
 * image` wrote, while both are instantiated. The engine must have multi-memory.
 *
 * The filesystem imports the program's memory. This decides the order:
 *
 * * If the program imports its memory, we create the memory, instantiate the filesystem on it, and
 *   pass the filesystem's functions to the program.
 * * If the program exports its memory, the memory does not exist before the program does. We pass
 *   functions to the program that look up the filesystem's functions at their first call
 *   (`#lateBound`). So every call goes through JavaScript.
 */
import { demand } from "./errors.js";
import { SHARED_MEMORY, importedMemory } from "./imported-memory.js";
import { compile } from "./compile.js";
import { eventImports } from "./events.js";
import { PREVIEW1, preview1 } from "./preview1/index.js";
import { Program } from "./program.js";

/** @import { Options } from "../wasm-vfs.js" */
/** @typedef {BufferSource | WebAssembly.Module} Source */

/** The predecessor of preview 1, which programs of 2019 import. */
const PREVIEW0 = "wasi_unstable";
/** The filesystem's functions for the predecessor end so, where they differ from preview 1's. */
const PREVIEW0_SUFFIX = "@unstable";

/**
 * Programs import Linux's calls from these modules. The filesystem exports each call as
 * `SYS_` and its name, and what else a program of WALI imports by its own name.
 */
const CALLS = "wasm_vfs";
const WALI = "wali";
const CALL_PREFIX = "SYS_";
/** WALI has a shorter name for it. */
const WALI_NAMES = { SYS_fadvise: "SYS_fadvise64" };

/** A rootfs module imports the program's memory as `app.memory`, and WASI from `wasi_host`. */
const PROGRAM_MODULE = "app";
const HOST_MODULE = "wasi_host";

/** The functions of the host interface begin so. A program may not call them. */
const HOST_INTERFACE_PREFIX = "wasm_vfs_";

/** wasm-vfs writes this custom section into every module. */
const SECTION = "wasm-vfs";

/** The smallest module with two memories. Only an engine with multi-memory accepts it. */
// prettier-ignore
const TWO_MEMORIES = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // magic number, version
  0x05, 0x05, 0x02, // memory section of 5 bytes with 2 memories
  0x00, 0x00, 0x00, 0x00, // each without a maximum, of 0 pages
]);

/**
 * Links a program with a rootfs module, and instantiates both. `Program.start` runs the program.
 *
 * @param {Source} source the program, or its bytes. A program that imports its memory must be given
 *   as bytes, or its memory in `options.imports`
 * @param {Source} rootfs the rootfs module, or its bytes
 * @param {Options} [options]
 * @returns {Promise<Program>}
 * @throws {Error} if the engine has no multi-memory, or the two cannot be linked
 */
export async function link(source, rootfs, options = {}) {
  demand(
    WebAssembly.validate(TWO_MEMORIES),
    "this engine has no multi-memory, which linking at run time needs: use `wasm-vfs pack`",
  );
  const [program, filesystem] = await Promise.all([compile(source), compile(rootfs)]);
  demandFilesystem(filesystem);
  demandNotPacked(program);
  const linker = new Linker(program, filesystem, options);
  const memoryImport = WebAssembly.Module.imports(program).find(({ kind }) => kind === "memory");
  return memoryImport
    ? linker.linkToMemory(memoryImport, givenMemory(memoryImport, options) ?? newMemory(source))
    : linker.linkToExportedMemory();
}

/** @param {WebAssembly.Module} module */
function demandFilesystem(module) {
  const imports = WebAssembly.Module.imports(module);
  demand(
    imports.some((it) => it.module === PROGRAM_MODULE && it.kind === "memory"),
    "the filesystem is none that `wasm-vfs image` wrote",
  );
}

/** @param {WebAssembly.Module} module */
function demandNotPacked(module) {
  demand(
    WebAssembly.Module.customSections(module, SECTION).length === 0,
    "the program is packed (use `instantiate`), or it is a filesystem itself",
  );
}

/**
 * Returns the memory that the embedder passed for the program, if any.
 *
 * @param {WebAssembly.ModuleImportDescriptor} memoryImport
 * @param {Options} options
 */
function givenMemory({ module, name }, { imports }) {
  return /** @type {WebAssembly.Memory | undefined} */ (imports?.[module]?.[name]);
}

/**
 * Creates the memory that the program imports.
 *
 * @param {Source} source
 */
function newMemory(source) {
  demand(
    !(source instanceof WebAssembly.Module),
    "the program imports its memory, whose size only its bytes tell: " +
      "give those, or the memory in `imports`",
  );
  const descriptor = importedMemory(source);
  demand(descriptor, "the program's bytes have no import of a memory");
  return new WebAssembly.Memory(descriptor);
}

/** Links one program with one filesystem. */
class Linker {
  #program;
  #filesystem;
  #options;
  #host;
  /** @type {WebAssembly.Memory | undefined} */
  #memory;
  /** The filesystem's exports, once it is instantiated. @type {any} */
  #tree;
  /** @type {Program | undefined} */
  #linked;

  /**
   * @param {WebAssembly.Module} program
   * @param {WebAssembly.Module} filesystem
   * @param {Options} options
   */
  constructor(program, filesystem, options) {
    this.#program = program;
    this.#filesystem = filesystem;
    this.#options = options;
    const currentBuffer = () => /** @type {any} */ (this.#memory).buffer;
    this.#host = preview1(options, currentBuffer, [filesystem, program]);
  }

  /**
   * Links a program that imports its memory.
   *
   * @param {WebAssembly.ModuleImportDescriptor} memoryImport
   * @param {WebAssembly.Memory} memory
   */
  async linkToMemory({ module, name }, memory) {
    await this.#bindFilesystem(memory);
    const imports = {
      ...this.#options.imports,
      [module]: { ...this.#options.imports?.[module], [name]: memory },
      ...this.#wasiFunctions((call) => this.#functionFor(call)),
    };
    const instance = await WebAssembly.instantiate(this.#program, /** @type {any} */ (imports));
    const exported = instance.exports.memory;
    demand(
      !exported || exported === memory,
      "the memory that the program exports as `memory` is not the one that it imports",
    );
    this.#linked = new Program(instance, this.#tree);
    return this.#linked;
  }

  /** Links a program that defines its memory and exports it as `memory`. */
  async linkToExportedMemory() {
    const imports = {
      ...this.#options.imports,
      ...this.#wasiFunctions((call) => this.#lateBound(call)),
    };
    const instance = await WebAssembly.instantiate(this.#program, /** @type {any} */ (imports));
    const memory = /** @type {WebAssembly.Memory | undefined} */ (instance.exports.memory);
    demand(memory, "the program neither imports its memory nor exports it as `memory`");
    await this.#bindFilesystem(memory);
    this.#linked = new Program(instance, this.#tree);
    return this.#linked;
  }

  /**
   * Instantiates the filesystem on the program's memory.
   *
   * @param {WebAssembly.Memory} memory
   */
  async #bindFilesystem(memory) {
    this.#memory = memory;
    const imports = /** @type {any} */ ({
      [PROGRAM_MODULE]: { memory },
      [HOST_MODULE]: this.#host,
      ...eventImports(this.#options, () => this.#linked),
    });
    try {
      const instance = await WebAssembly.instantiate(this.#filesystem, imports);
      this.#tree = instance.exports;
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError)) throw error;
      demand(memory.buffer instanceof ArrayBuffer, SHARED_MEMORY);
      throw new Error(`the program's memory must be 32-bit: ${error.message}`);
    }
  }

  /**
   * Makes the functions that the program imports from either preview, and Linux's calls.
   *
   * @param {(call: WebAssembly.ModuleImportDescriptor) => Function} make
   */
  #wasiFunctions(make) {
    /** @type {Record<string, Record<string, Function>>} */
    const served = { [PREVIEW1]: {}, [PREVIEW0]: {}, [CALLS]: {}, [WALI]: {} };
    for (const call of WebAssembly.Module.imports(this.#program)) {
      if (call.kind === "function" && Object.hasOwn(served, call.module)) {
        served[call.module][call.name] = make(call);
      }
    }
    return served;
  }

  /**
   * Returns the function that serves an import: the filesystem's, or else the WASI host's.
   *
   * @param {WebAssembly.ModuleImportDescriptor} call
   * @returns {Function}
   */
  #functionFor({ module, name }) {
    if (module === CALLS || module === WALI) return this.#linuxCall(module, name);
    const ofPreview0 = module === PREVIEW0 ? this.#tree[name + PREVIEW0_SUFFIX] : undefined;
    const isForTheEmbedder = name.startsWith(HOST_INTERFACE_PREFIX);
    const ofTheFilesystem = isForTheEmbedder ? undefined : this.#tree[name];
    return ofPreview0 ?? ofTheFilesystem ?? this.#host[name];
  }

  /**
   * Returns the filesystem's function for one of Linux's calls.
   *
   * @param {string} module
   * @param {string} name
   * @returns {Function}
   */
  #linuxCall(module, name) {
    const ofWali = /** @type {Record<string, string>} */ (WALI_NAMES)[name] ?? name;
    const call = this.#tree[module === CALLS ? CALL_PREFIX + name : ofWali];
    demand(
      call,
      `the program imports ${module}.${name}, which the filesystem does not serve: ` +
        "make it with `wasm-vfs image --calls`",
    );
    return call;
  }

  /**
   * Makes a function for an import before the filesystem exists. At its first call it looks up the
   * function that serves the import.
   *
   * @param {WebAssembly.ModuleImportDescriptor} call
   */
  #lateBound(call) {
    /** @type {Function | undefined} */
    let bound;
    return (/** @type {unknown[]} */ ...operands) => {
      if (!bound) {
        demand(
          this.#tree,
          `the program calls ${call.name} in its start function, before its memory is there: ` +
            "use `wasm-vfs pack`, or build it to import its memory",
        );
        bound = this.#functionFor(call);
      }
      return bound(...operands);
    };
  }
}
