// The tree, browsable by mouse and by keyboard (the ARIA pattern of a tree view). Directories are filled in when they are opened.

import { badge, hint, make } from "./dom.js";

const NOTHING = new Map();

/** A view of a listing (`snapshot.js`) in the list `element`; `onOpen` gets the entry that is chosen. */
export class Tree {
  #element; #onOpen; #children = new Map(); #marks = NOTHING; #inside = new Set(); #open = new Set(); #selected = null; #onlyChanged = false;
  constructor(element, onOpen) {
    [this.#element, this.#onOpen] = [element, onOpen];
    element.addEventListener("click", (event) => this.#click(event));
    element.addEventListener("keydown", (event) => this.#key(event));
  }
  /** Shows these entries. `marks`: what became of them, by path. Directories stay open; those with changes inside are opened. */
  show(entries, { marks = NOTHING, onlyChanged = false } = {}) {
    [this.#marks, this.#onlyChanged] = [marks, onlyChanged];
    this.#inside = new Set();
    for (const path of marks.keys()) for (let parent = up(path); parent; parent = up(parent)) this.#inside.add(parent);
    for (const parent of this.#inside) this.#open.add(parent);
    const shown = onlyChanged ? entries.filter(({ path }) => marks.has(path) || this.#inside.has(path)) : entries;
    this.#children = Map.groupBy(shown, ({ path }) => up(path));
    const items = this.#items("");
    if (items.length === 0) items.push(make("li", { role: "none" }, hint(onlyChanged ? "Nothing changed." : "Nothing is in it.")));
    this.#element.replaceChildren(...items);
    this.#focusable(this.#item(this.#selected) ?? this.#element.querySelector("[role=treeitem]"));
  }
  /** Forgets which directories are open. */
  forget() { [this.#open, this.#selected] = [new Set(), null]; }
  #item(path) { return path && this.#element.querySelector(`[data-path="${CSS.escape(path)}"]`); }
  #items(directory) { return (this.#children.get(directory) ?? []).map((entry) => this.#make(entry)); }
  #make(entry) {
    const { path, name, type, target } = entry, mark = this.#marks.get(path);
    const label = make("span", { className: "entry" }, make("span", { className: "name", textContent: name }));
    if (target !== undefined) label.append(make("span", { className: "target", textContent: ` → ${target}` }));
    if (mark) label.append(" ", badge(mark));
    else if (this.#inside.has(path)) label.append(" ", make("span", { className: "mark inside", textContent: "•", title: "changed inside" }));
    const item = make("li", { role: "treeitem", tabIndex: -1, entry }, label);
    Object.assign(item.dataset, { path, type });
    if (type === "directory") this.#expand(item, this.#open.has(path));
    item.setAttribute("aria-selected", path === this.#selected);
    return item;
  }
  #expand(item, open) {
    const { path } = item.dataset;
    item.setAttribute("aria-expanded", open);
    item.querySelector(":scope > ul")?.remove();
    this.#open[open ? "add" : "delete"](path);
    if (!open) return;
    item.append(make("ul", { role: "group" }, ...this.#items(path)));
  }
  #focusable(item) { // one item is in the order of the Tab key
    for (const other of this.#element.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    if (item) item.tabIndex = 0;
  }
  #focus(item) {
    if (!item) return;
    this.#focusable(item);
    item.focus();
  }
  #choose(item) {
    if (!item) return;
    this.#element.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", false);
    item.setAttribute("aria-selected", true);
    this.#selected = item.dataset.path;
    this.#focusable(item);
    this.#onOpen(item.entry, this.#marks.get(this.#selected));
  }
  #click({ target }) {
    const item = target.closest(".entry")?.parentElement;
    if (!item) return;
    if (item.dataset.type === "directory") this.#expand(item, item.getAttribute("aria-expanded") !== "true");
    this.#choose(item);
    item.focus();
  }
  #key(event) {
    const item = event.target.closest("[role=treeitem]"), expanded = item?.getAttribute("aria-expanded");
    const all = [...this.#element.querySelectorAll("[role=treeitem]")], at = all.indexOf(item);
    const parent = item?.parentElement.closest("[role=treeitem]");
    const keys = {
      ArrowDown: () => this.#focus(all[at + 1]),
      ArrowUp: () => this.#focus(all[at - 1]),
      Home: () => this.#focus(all[0]),
      End: () => this.#focus(all.at(-1)),
      ArrowRight: () => (expanded === "false" ? this.#expand(item, true) : expanded && this.#focus(item.querySelector("[role=treeitem]"))),
      ArrowLeft: () => (expanded === "true" ? this.#expand(item, false) : this.#focus(parent)),
      Enter: () => this.#choose(item),
      " ": () => this.#choose(item),
    };
    if (!item || !keys[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  }
}

/** The directory that a path is in; "" for what is in the root, and for the root. */
function up(path) { return path.slice(0, Math.max(0, path.lastIndexOf("/"))); }
