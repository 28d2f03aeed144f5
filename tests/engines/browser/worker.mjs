// Runs one program. It is told in lines: number, host, arguments and environment (in hexadecimal, with commas between), standard input.
// Answers with bytes: how it ended, its status and the length of its standard output as words of 32 bits, then both streams.
import { instantiate, Program } from "./wasm-vfs/wasm-vfs.js";

const EXITED = 0, TRAPPED = 1, CANNOT_LOAD = 2;
const bytes = (hex) => Uint8Array.from({ length: hex.length / 2 }, (_, at) => parseInt(hex.substr(2 * at, 2), 16));
const texts = (list) => (list === "" ? [] : list.split(",").map((hex) => new TextDecoder().decode(bytes(hex))));
const streams = { stdout: [], stderr: [] };
const sink = (name) => (piece) => void streams[name].push(piece.slice());

// Makes what `_start` is called of: a function that returns the status.
async function make(module, host, args, environment, stdin) {
  if (host === "Nothing") {
    const program = new Program(await WebAssembly.instantiate(module, {}));
    return () => {
      const status = program.start();
      for (const name of Object.keys(streams)) streams[name] = [program.get(`/run/${name}`)];
      return status;
    };
  }
  if (host === "Ours") {
    const env = Object.fromEntries(environment.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
    const program = await instantiate(module, { args, env, stdin, stdout: sink("stdout"), stderr: sink("stderr") });
    return () => program.start();
  }
  const { WASI, File, OpenFile, ConsoleStdout } = await import("./shim/index.js");
  const wasi = new WASI(args, environment, [new OpenFile(new File(stdin)), new ConsoleStdout(sink("stdout")), new ConsoleStdout(sink("stderr"))]);
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
  return () => wasi.start(instance);
}

function answer(ended, status = 0) {
  const parts = [...streams.stdout, ...streams.stderr];
  const stdout = streams.stdout.reduce((sum, piece) => sum + piece.length, 0);
  const whole = new Uint8Array(parts.reduce((sum, piece) => sum + piece.length, 12));
  const view = new DataView(whole.buffer);
  [ended, status, stdout].forEach((word, index) => view.setInt32(4 * index, word, true));
  parts.reduce((at, piece) => (whole.set(piece, at), at + piece.length), 12);
  postMessage(whole, [whole.buffer]);
}

self.onmessage = async ({ data }) => {
  const [number, host, args, environment, stdin] = data.split("\n");
  let start;
  try {
    const module = await WebAssembly.compileStreaming(fetch(`program/${number}`));
    start = await make(module, host, texts(args), texts(environment), bytes(stdin));
  } catch (error) {
    streams.stderr.push(new TextEncoder().encode(`cannot load: ${error}`));
    return answer(CANNOT_LOAD);
  }
  try {
    answer(EXITED, start());
  } catch (error) {
    streams.stderr.push(new TextEncoder().encode(`trap: ${error}`));
    answer(TRAPPED);
  }
};
