// Instantiates a guest under whichever JavaScript engine this is, on a directory of the host or packed.
//
// A directory needs the engine's own `node:wasi`. A packed program runs under that too where it is complete (Node), else with our module.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { WASI } from 'node:wasi';
import { instantiate } from '../../js/wasm-vfs.js';

const isNode = !process.versions.bun && !process.versions.deno;

/** What the engine is called, by its own word. */
export const engine = process.versions.bun
  ? `Bun ${process.versions.bun}`
  : process.versions.deno
    ? `Deno ${process.versions.deno}`
    : `Node ${process.versions.node}`;

/** Whether modules may have two memories. */
export const multiMemory = WebAssembly.validate(
  // The smallest such module: the header, and a memory section with two empty memories.
  new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0]),
);

/** An initialised instance of the module in this file; `root`: the directory of the host that it sees as `/`, if any. */
export async function start(path, root) {
  const module = await WebAssembly.compile(readFileSync(path));
  const packed = WebAssembly.Module.exports(module).some(({ name }) => name === 'wasm_vfs_version');
  if (packed && !isNode) {
    const program = await instantiate(module);
    program.start();
    return program.instance;
  }
  const wasi = new WASI({ version: 'preview1', preopens: root ? { '/': root } : {}, returnOnExit: true });
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: functions(wasi.wasiImport) });
  if (wasi.initialize) {
    wasi.initialize(instance);
  } else {
    // Bun's knows commands only.
    wasi.setMemory(instance.exports.memory);
    instance.exports._initialize();
  }
  return instance;
}

// Node 20 calls its own functions straight from compiled code, and spoils its heap when that is done thousands of times while the memory
// grows. Through a function in JavaScript it does not. Newer ones need no such thing.
function functions(own) {
  if (!isNode || Number.parseInt(process.versions.node) > 20) return own;
  return Object.fromEntries(Object.entries(own).map(([name, call]) => [name, (...operands) => call(...operands)]));
}

/** The high-water mark of this process's resident memory, in bytes. */
export function peakMemory() {
  const [, kib] = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kib) * 1024;
}
