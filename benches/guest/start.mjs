// Starts the guest under Node's own WASI, reads a file in it, and prints the peak of the resident memory in bytes.
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const wasi = new WASI({ version: 'preview1', returnOnExit: true });
const module = await WebAssembly.compile(await readFile(process.argv[2]));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
wasi.initialize(instance);
instance.exports['read a file'](1);
console.log(process.resourceUsage().maxRSS * 1024);
