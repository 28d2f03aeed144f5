// The list of system calls: as many as a page can hold, of those that the filter lets through, and all of them counted.

import { hint, make } from "./dom.js";

const SHOWN_AT_ONCE = 500, KEPT = 1_000_000;

/** A view of calls in `element`, with the field `filter` and their number in `count`. */
export class Calls {
  #element; #filter; #count; #lines = []; #total = 0; #shown = 0; #limit = SHOWN_AT_ONCE; #list; #more; #frame = null; #scanned = 0; #hint = "";
  constructor(element, filter, count) {
    [this.#element, this.#filter, this.#count] = [element, filter, count];
    filter.addEventListener("input", () => this.#again());
    this.#more = make("button", { type: "button", textContent: "Show more" });
    this.#more.onclick = () => {
      this.#limit += SHOWN_AT_ONCE;
      this.#render();
    };
    this.clear("What the program asks of its filesystem appears here.");
  }
  get total() { return this.#total; }
  /** Forgets all; `hint` is shown while there are none. */
  clear(hint) {
    [this.#lines, this.#total, this.#hint] = [[], 0, hint];
    this.#again();
  }
  hint(text) {
    this.#hint = text;
    this.#render();
  }
  add(lines) {
    this.#total += lines.length;
    for (const line of lines.slice(0, Math.max(0, KEPT - this.#lines.length))) this.#lines.push(line);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#render();
    });
  }
  /** What is to be said when all are shown. */
  #remark() {
    if (this.#total === 0) return this.#hint;
    if (this.#shown === 0) return "None has this text.";
    return this.#total > this.#lines.length ? `Only the first ${KEPT} are kept.` : "";
  }
  #again() { // from the first on
    [this.#shown, this.#scanned, this.#limit] = [0, 0, SHOWN_AT_ONCE];
    this.#list = document.createElement("ol");
    this.#element.replaceChildren(this.#list);
    this.#element.scrollTop = 0;
    this.#render();
  }
  #render() {
    const wanted = this.#filter.value, items = [];
    for (; this.#scanned < this.#lines.length && this.#shown < this.#limit; this.#scanned++) {
      const line = this.#lines[this.#scanned];
      if (!line.includes(wanted)) continue; // `path_open` is a function, `PATH_OPEN` a right
      items.push(row(line, this.#scanned + 1));
      this.#shown++;
    }
    this.#list.append(...items);
    this.#filter.disabled = this.#total === 0;
    this.#count.textContent = this.#total === 0 ? "" : `${this.#total.toLocaleString("en")} in all`;
    this.#element.querySelector(".hint")?.remove();
    if (this.#scanned < this.#lines.length) this.#element.append(this.#more);
    else {
      this.#more.remove();
      const text = this.#remark();
      if (text) this.#element.append(hint(text));
    }
  }
}

/** `path_open(3, ..., "name", ...) = 5`, with its parts told apart. */
function row(line, number) {
  const item = document.createElement("li"), open = line.indexOf("("), equals = line.lastIndexOf(") = ");
  item.value = number;
  const part = (className, text) => item.append(make("span", { className, textContent: text }));
  if (open < 0 || equals < 0) return (part("", line), item);
  part("function", line.slice(0, open));
  for (const text of line.slice(open, equals + 1).split(/("(?:[^"\\]|\\.)*")/)) part(text.startsWith('"') ? "text" : "", text);
  const result = line.slice(equals + 4);
  part("", " = ");
  part(/^[A-Z]/.test(result) ? "error" : "result", result);
  return item;
}
