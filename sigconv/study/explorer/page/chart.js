// Bar charts as SVG.

import { el, format } from "./dom.js";

const [STEP, HEIGHT, LABEL] = [38, 64, 14];
const short = (value) => format(Number(value.toPrecision(3)));

function svg(tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

/** One bar a value, null for none; `lit`, `faint` and `bad` say how the bar at an index is shown. */
export function bars(title, axis, values, { kind, lit, faint = () => false, bad = () => false }) {
  const present = values.filter((v) => v !== null);
  const [low, high] = [Math.min(0, ...present), Math.max(0, ...present)];
  const unit = (HEIGHT - 2 * LABEL) / (high - low || 1);
  const zero = LABEL + high * unit;
  const state = (i) => (bad(i) ? "bad" : faint(i) ? "faint" : lit(i) ? "lit" : "");
  const width = STEP * axis.length;
  const label = `${title}: ${values
    .map((v, i) => (v === null ? "" : `${axis[i]}: ${format(v)}`))
    .filter(Boolean)
    .join(", ")}`;
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${HEIGHT + LABEL}`,
    width,
    role: "img",
    "aria-label": label,
    class: `bars ${kind}`,
  });
  picture.append(svg("line", { x1: 0, x2: width, y1: zero, y2: zero, class: "axis" }));
  values.forEach((value, i) => {
    const x = STEP * i + STEP / 2;
    picture.append(svg("text", { x, y: HEIGHT + LABEL - 3, class: "index" }, format(axis[i])));
    if (value === null) return;
    const top = Math.min(zero, zero - value * unit);
    picture.append(
      svg("rect", { x: x - 10, y: top, width: 20, height: Math.max(1, Math.abs(value) * unit), class: state(i) }),
    );
    picture.append(
      svg(
        "text",
        { x, y: value < 0 ? top + Math.abs(value) * unit + 11 : top - 3, class: `value ${state(i)}` },
        short(value),
      ),
    );
  });
  return el("figure", { class: "chart" }, el("figcaption", {}, title), el("div", { class: "scroll" }, picture));
}
