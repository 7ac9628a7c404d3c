// Small helpers for elements and for numbers as people read them.

export const byId = (id) => document.getElementById(id);

/** Make an element: `el("td", { class: "ghost" }, "text", child)`; functions are listeners, true is a bare attribute. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A number in at most four digits, with a proper minus sign. */
export function format(value) {
  if (Number.isNaN(value)) return "NaN";
  const rounded = Number.isInteger(value) && Math.abs(value) < 1e6 ? value : Number(value.toPrecision(4));
  return String(rounded === 0 ? 0 : rounded).replace("-", "−");
}

/** A factor in a sum: negative ones in parentheses. */
export const factor = (value) => (value < 0 ? `(${format(value)})` : format(value));

/** The number that someone typed, or null if it is none; a comma is a decimal point, ⅔ is written 2/3. */
export function parseNumber(text) {
  const parts = text.trim().replace("−", "-").replace(",", ".").split("/");
  if (parts.length > 2 || parts.some((part) => part.trim() === "")) return null;
  const value = parts.map(Number).reduce((a, b) => a / b);
  return Number.isFinite(value) ? value : null;
}

/** Fill a select with [value, text] pairs. */
export function fillSelect(select, pairs) {
  select.replaceChildren(...pairs.map(([value, text]) => el("option", { value }, text)));
}

/** A button that copies what `text()` gives; where the browser refuses, it says how to copy by hand. */
export function copyButton(label, text) {
  const button = el("button", { type: "button", class: "quiet", click: copy }, label);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "copied";
    } catch {
      button.textContent = "not allowed here: select the text and press Ctrl+C";
    }
    setTimeout(() => (button.textContent = label), 2500);
  }
  return button;
}

/** Call a function once, when an element first comes near the visible part of the page. */
export function whenSeen(element, start) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      start();
    },
    { rootMargin: "400px" },
  );
  observer.observe(element);
}
