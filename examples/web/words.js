// Errors in words, for the person at the page.

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const ERRNOS = {
  ENOENT: "there is nothing of that name", EISDIR: "it is a directory", ENOTDIR: "a part of the path is not a directory",
  EEXIST: "it is there already",
  EROFS: "the tree is read-only", ENOSPC: "the tree is full", ENOMEM: "there is no more memory", ELOOP: "symbolic links lead in a circle",
  ENAMETOOLONG: "the name is too long", EBUSY: "it is in use",
};

/** Why bytes cannot be a program, or undefined. */
export function refusal(name, buffer) {
  const bytes = new Uint8Array(buffer);
  if (bytes.length === 0) return `${name} is empty.`;
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) return `${name} is not WebAssembly: it does not begin as a .wasm file does.`;
  if (bytes[4] !== 1) return `${name} is a component, or of another version of WebAssembly. Only core modules for WASI preview 1 run here.`;
}

/** The functions that a trap happened in, the innermost first. Only Chromium's traces name them so. */
export function functions(error) {
  const names = [...(error.stack ?? "").matchAll(/at (\S+) \(wasm:/g)].map(([, name]) => readable(name.replace(/^.*\.wasm\./, "")));
  return names.slice(0, 8).map((name) => (name.length > 100 ? `${name.slice(0, 100)}...` : name));
}
/** `_ZN4core6option6unwrap17h0123456789abcdefE`, as Rust and C++ name functions, without the numbers and the hash. */
function readable(name) {
  const parts = [];
  let rest = name.match(/^_ZN(.*)E/)?.[1];
  for (let length; (length = rest?.match(/^\d+/)?.[0]); rest = rest.slice(length.length + Number(length))) {
    parts.push(rest.slice(length.length, length.length + Number(length)));
  }
  return parts.filter((part) => !/^h[0-9a-f]{16}$/.test(part)).join("::") || name;
}

/** What an error means. */
export function explain(error) {
  const text = error?.message ?? String(error);
  if (error?.name === "VfsError") return `The filesystem refused: ${text}${ERRNOS[error.code] ? `, ${ERRNOS[error.code]}` : ""}.`;
  if (error instanceof WebAssembly.RuntimeError) return `The program trapped: ${text}.`;
  if (error instanceof WebAssembly.CompileError) return `This browser cannot compile it: ${text}.`;
  if (error instanceof WebAssembly.LinkError) return `Its imports do not fit: ${text}.`;
  if (error instanceof RangeError) return `The program needed more than there is: ${text}.`;
  if (text.includes("no host interface")) {
    return "It was packed without the interface to its files (--strip-host-api), so this page cannot show them. Pack it again without that option.";
  }
  return text;
}
