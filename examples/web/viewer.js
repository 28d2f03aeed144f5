// One file: what it is, its contents as text or as hexadecimal numbers, and a way to keep it.

import { badge, hint, make } from "./dom.js";

const MOST_TEXT = 256 * 1024, MOST_HEX = 16 * 1024;

/** A number of bytes, for people. */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Gives bytes to the person as a file. */
export function download(name, bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A view in `element`; `read` gets a path and gives a promise of its contents. */
export class Viewer {
  #element; #read; #shown = 0;
  constructor(element, read) {
    [this.#element, this.#read] = [element, read];
    this.clear();
  }
  clear(text = "Choose a file to see what is in it.") {
    this.#shown++;
    this.#element.replaceChildren(hint(text));
  }
  /** Shows an entry of a listing. */
  async show(entry, mark) {
    const shown = ++this.#shown, { path, type, mode, mtime, nlink, target } = entry;
    const what = type === "file" ? `file, ${size(entry.size)}` : type;
    const facts = [what, mode.toString(8).padStart(4, "0"), mtime.toISOString().slice(0, 19).replace("T", " ")];
    if (nlink > 1 && type === "file") facts.push(`${nlink} links`);
    const head = make("header", {}, make("h3", { textContent: path }), make("p", { textContent: facts.join(" · ") }));
    if (mark) head.lastChild.append(" ", badge(mark));
    const without = { directory: "A directory.", symlink: `It leads to ${target}`, character: "A device: it has no contents of its own." };
    if (type !== "file") return void this.#element.replaceChildren(head, hint(without[type] ?? "It has no contents."));
    this.#element.replaceChildren(head);
    let bytes;
    try {
      bytes = await this.#read(path);
    } catch (error) {
      if (shown === this.#shown) this.#element.append(hint(error.message));
      return;
    }
    if (shown !== this.#shown) return;
    const body = make("pre", { tabIndex: 0 }), note = hint(""), text = asText(bytes);
    body.setAttribute("aria-label", `contents of ${path}`);
    const fill = (hex) => {
      body.className = hex ? "hex" : "";
      body.textContent = hex ? dump(bytes.subarray(0, MOST_HEX)) : text.slice(0, MOST_TEXT);
      const rest = bytes.length - (hex ? MOST_HEX : MOST_TEXT);
      note.textContent = bytes.length === 0 ? "It is empty." : rest > 0 ? `${size(rest)} more are not shown. Download it to see all.` : "";
    };
    const toggle = make("button", { type: "button", textContent: "Hex", disabled: text === null });
    toggle.setAttribute("aria-pressed", text === null);
    toggle.onclick = () => {
      const hex = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", hex);
      fill(hex);
    };
    const keep = make("button", { type: "button", textContent: "Download", onclick: () => download(entry.name, bytes) });
    head.append(make("div", { className: "buttons" }, toggle, keep));
    fill(text === null);
    this.#element.append(body, note);
  }
}

/** Bytes as text, if that is what they are; else null. */
function asText(bytes) {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function dump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)], numbers = row.map((byte) => byte.toString(16).padStart(2, "0"));
    const left = numbers.slice(0, 8).join(" "), right = numbers.slice(8).join(" ");
    const shown = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")} ${left.padEnd(23)}  ${right.padEnd(23)} ${shown}`);
  }
  return lines.join("\n");
}
