// Making elements.

/** An element with these properties and children. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
/** What became of something, as a badge. */
export const badge = (mark) => make("span", { className: `mark ${mark}`, textContent: mark });
/** A remark of the page's own. */
export const hint = (textContent) => make("p", { className: "hint", textContent });
