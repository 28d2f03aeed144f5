// The output, as a terminal shows it: text, carriage returns, and colours; other control sequences are left out.

import { make } from "./dom.js";

const MOST_CHARACTERS = 1_000_000; // what is older goes, by
const PIECE_CHARACTERS = 1 << 14; // so many or more

/** A view of output in `element`. */
export class Terminal {
  #element; #decoders; #style = {}; #rest = {}; #characters = 0; #frame = null; #follows = true;
  constructor(element) {
    this.#element = element;
    element.addEventListener("scroll", () => (this.#follows = element.scrollTop + element.clientHeight >= element.scrollHeight - 4));
    this.clear();
  }
  clear() {
    this.#element.replaceChildren();
    this.#decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
    [this.#style, this.#rest, this.#characters, this.#follows] = [{}, { stdout: "", stderr: "" }, 0, true];
  }
  /** Adds bytes of `stdout` or `stderr`. */
  write(stream, bytes) {
    let text = this.#rest[stream] + this.#decoders[stream].decode(bytes, { stream: true });
    const unfinished = text.match(/\x1b(\[[0-9;?]*)?$|\r$/);
    this.#rest[stream] = unfinished?.[0] ?? "";
    if (unfinished) text = text.slice(0, unfinished.index);
    // Text, and between it what is not shown.
    text.replaceAll("\r\n", "\n").split(/(\x1b\[[0-9;?]*[@-~]|\x1b[^[]|\r|[\0-\x07\x0e-\x1a])/).forEach((part, index) => {
      if (index % 2 === 0) this.#text(stream, part);
      else if (part === "\r") this.#return();
      else if (part.endsWith("m")) this.#select(part.slice(2, -1));
    });
    this.#scroll();
  }
  /** A line that is the page's, not the program's. */
  note(text) {
    this.#element.append(make("p", { textContent: text }));
    this.#scroll();
  }
  get isEmpty() { return this.#element.childElementCount === 0; }
  #text(stream, text) {
    if (text === "") return;
    const name = [stream, ...Object.values(this.#style)].join(" ");
    const last = this.#element.lastElementChild;
    if (last?.className === name && last.textContent.length < PIECE_CHARACTERS) last.append(text);
    else this.#element.append(make("span", { className: name, textContent: text }));
    this.#characters += text.length;
    while (this.#characters > MOST_CHARACTERS && this.#element.childElementCount > 1) {
      this.#characters -= this.#element.firstElementChild.textContent.length;
      this.#element.firstElementChild.remove();
    }
  }
  #return() { // what comes next takes the place of the line
    for (let last; (last = this.#element.lastElementChild); last.remove()) {
      const text = last.textContent, line = text.lastIndexOf("\n") + 1;
      this.#characters -= text.length - line;
      if (line > 0) return void (last.textContent = text.slice(0, line));
    }
  }
  #select(codes) {
    for (const code of codes.split(";").map(Number)) {
      if (code === 0) this.#style = {};
      else if (code === 1) this.#style.weight = "bold";
      else if (code === 22) delete this.#style.weight;
      else if (code === 39) delete this.#style.colour;
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) this.#style.colour = `colour-${code % 10}`;
    }
  }
  #scroll() { // to the end, once a frame, unless the reader looks at what was before
    if (!this.#follows) return;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#element.scrollTop = this.#element.scrollHeight;
    });
  }
}
