// How one output comes about: window times kernel, the products, their sum.

import { byId, el, factor, format } from "./dom.js";
import { matrixTable } from "./grid.js";

/** Show the working of an output; what the boundary leaves out is a dot. */
export function showWorking(work, [row, column], flip) {
  const name = `output[${row}, ${column}]`;
  const cells = (key, kind) => work.taps.map((line) => line.map((tap) => cellOf(tap, key, kind)));
  byId("working-title").textContent = `How ${name} = ${format(work.output)} comes about`;
  byId("working").replaceChildren(
    panel("window of the signal", cells("value", "window")),
    sign("×"),
    panel(flip ? "kernel, flipped" : "kernel as it is", cells("weight", "weight")),
    sign("="),
    panel("products", cells("product", "product")),
    sign("→"),
    sumPanel(work.output),
  );
  byId("sentence").textContent = sentence(name, work);
}

function cellOf(tap, key, kind) {
  const text = tap.missing && key !== "weight" ? "·" : undefined;
  return { value: tap[key], text, class: tap.ghost && key === "value" ? `${kind} ghost` : kind };
}

const panel = (title, cells) => el("div", { class: "panel" }, el("h4", {}, title), matrixTable(cells, title));
const sign = (text) => el("span", { class: "sign", "aria-hidden": "true" }, text);

function sumPanel(value) {
  const output = el("output", { id: "sum", title: value }, format(value));
  return el("div", { class: "panel total" }, el("h4", {}, "sum"), output);
}

function sentence(name, { taps, sum, scale, output }) {
  const met = taps.flat().filter(({ missing }) => !missing);
  const terms = met.map(({ value, weight }) => `${factor(value)}·${factor(weight)}`).join(" + ");
  if (scale === 1) return `${name} = ${terms} = ${format(output)}`;
  if (Number.isNaN(scale)) return `${name}: the taps that meet a sample add up to 0, so nothing can be scaled: NaN`;
  return (
    `${name} = (${terms}) · ${format(scale)} = ${format(sum)} · ${format(scale)} = ${format(output)}; ` +
    "the factor is the sum of all weights divided by the sum of those that meet a sample"
  );
}
