// The convolution theorem: spectra, product and inverse beside the kernel that slides; wrap-around without padding.

import { byTheorem, dilated, folded, magnitude, reversed, shape, slide } from "./arithmetic.js";
import { bars } from "./chart.js";
import { byId, el, factor, format, parseNumber } from "./dom.js";
import { matrixTable } from "./grid.js";
import { matrixPicture } from "./picture.js";
import { settingsOf } from "./settings.js";
import { LIMITS } from "./state.js";

const full = (signal, kernel) => slide({ signal, kernel, mode: "full", flip: true, boundary: "zero" });
const largest = (matrix) => Math.max(...matrix.flat().map(Math.abs));
const furthest = (a, b) => Math.max(...a.flat().map((value, i) => Math.abs(value - b.flat()[i])));

/** Build the section. */
export function buildTheorem(store) {
  connectList(store, "line", LIMITS.line);
  connectList(store, "taps", LIMITS.kernel);
  byId("padded").addEventListener("change", ({ target }) => store.set({ padded: target.checked }));
  byId("k").addEventListener("input", ({ target }) => store.set({ k: Number(target.value) }));
  store.on(["line", "taps", "k"], showSliding);
  store.on(["line", "taps", "padded"], showSpectra);
  store.on(["signal", "kernel", "flip", "dilation", "padded"], showPlane);
}

/** A text field with numbers; what can't be read is said beside it and changes nothing. */
function connectList(store, name, limit) {
  const input = byId(name);
  input.addEventListener("change", () => {
    const values = input.value
      .split(/[\s,;]+/)
      .filter(Boolean)
      .map(parseNumber);
    const wrong = values.includes(null) || values.length === 0 || values.length > limit;
    input.setAttribute("aria-invalid", String(wrong));
    byId("line-refusal").textContent = wrong ? `Write 1 to ${limit} numbers with spaces between them.` : "";
    if (!wrong) store.set({ [name]: values });
  });
  store.on([name], (state) => (input.value = state[name].join(" ")));
}

/** Flip, slide, multiply, sum: the kernel at lag k under the signal. */
function showSliding({ line, taps, k: asked }) {
  const count = line.length + taps.length - 1;
  const k = Math.min(asked, count - 1);
  Object.assign(byId("k"), { max: count - 1, value: k });
  byId("k-value").textContent = `k = ${k}`;
  const axis = Array.from({ length: count + taps.length - 1 }, (_, i) => i - (taps.length - 1));
  const kernel = axis.map((n) => taps[k - n] ?? null);
  const signal = axis.map((n) => line[n] ?? null);
  const products = axis.map((_, i) => (kernel[i] === null || signal[i] === null ? null : kernel[i] * signal[i]));
  const output = axis.map((n) => (n < 0 ? null : full([line], [taps])[0][n]));
  byId("sliding").replaceChildren(
    bars("signal x[n]", axis, signal, { kind: "signal", lit: (i) => products[i] !== null }),
    bars(`kernel, flipped and moved: h[${k} − n]`, axis, kernel, { kind: "kernel", lit: (i) => products[i] !== null }),
    bars("products", axis, products, { kind: "product", lit: () => true }),
    bars("result y[k]", axis, output, { kind: "output", lit: (i) => axis[i] === k, faint: (i) => axis[i] > k }),
  );
  const terms = products.flatMap((p, i) => (p === null ? [] : [`${factor(signal[i])}·${factor(kernel[i])}`]));
  byId("sliding-sum").textContent = `y[${k}] = ${terms.join(" + ")} = ${format(full([line], [taps])[0][k])}`;
}

function showSpectra({ line, taps, padded }) {
  byId("padded").checked = padded;
  const slid = full([line], [taps]);
  const length = padded ? line.length + taps.length - 1 : line.length;
  const found = byTheorem([line], [taps], [1, length]);
  const axis = Array.from({ length }, (_, i) => i);
  const spectrum = (title, z, kind) => bars(title, axis, tidy(magnitude(z)[0]), { kind, lit: () => true });
  byId("spectra").replaceChildren(
    spectrum(`|X|, transform of ${length} samples`, found.signal, "signal"),
    spectrum("|H|", found.kernel, "kernel"),
    spectrum("|X·H|", found.product, "product"),
    bars("inverse transform of X·H", axis, tidy(found.result[0]), {
      kind: "output",
      lit: (i) => !wrong(found, slid, i),
      bad: (i) => wrong(found, slid, i),
    }),
  );
  byId("spectra-verdict").replaceChildren(...verdict(slid, found.result, padded));
}

const tidy = (values) => values.map((v) => Math.round(v * 1e9) / 1e9);
const tolerance = (matrix) => 1e-9 * Math.max(1, largest(matrix));
const wrong = (found, slid, i) => Math.abs(found.result[0][i] - slid[0][i]) > tolerance(slid);

/** Slid and transformed side by side, and which samples have wrapped around. */
function verdict(slid, circular, padded) {
  const length = circular[0].length;
  const isBad = (values, i) => Math.abs(values[i] - slid[0][i]) > tolerance(slid);
  const cells = [slid[0], tidy(circular[0])].map((values) =>
    slid[0].map((_, i) =>
      i < values.length ? { value: values[i], class: isBad(values, i) ? "bad" : undefined } : { value: "", text: "" },
    ),
  );
  const difference = furthest(folded(slid, [1, length]), circular);
  return [
    el("div", { class: "scroll" }, matrixTable(cells, "both results", ["slid", "by transforms"])),
    el(
      "p",
      { id: "verdict" },
      padded
        ? `Equal: the transform of n + m − 1 = ${length} samples has room for the whole result (largest difference ${format(difference)}, rounding).`
        : wrapText(slid[0], length),
    ),
  ];
}

function wrapText(slid, length) {
  const tail = slid.slice(length);
  if (tail.length === 0) return "A kernel of one tap needs no room, so nothing wraps around.";
  const moved = tail.map((value, i) => `y[${length + i}] = ${format(value)} is added to y[${i % length}]`);
  return `Wrong: a transform of n = ${length} samples has no room for the last ${tail.length}. They wrap around: ${moved.join(", ")}.`;
}

/** The same in two dimensions, for the signal and the kernel of the calculator. */
function showPlane(state) {
  const { signal, kernel, flip, dilation } = settingsOf(state);
  const applied = dilated(flip ? kernel : reversed(kernel), dilation);
  const slid = full(signal, applied);
  const size = state.padded ? shape(slid) : shape(signal);
  const found = byTheorem(signal, applied, size);
  const picture = (title, matrix, low) =>
    el("figure", {}, matrixPicture(matrix, low, largest(matrix), title), el("figcaption", {}, title));
  const logarithm = (z) => magnitude(z).map((row) => row.map((v) => Math.log1p(v)));
  byId("plane").replaceChildren(
    picture("signal: log(1 + |X|)", logarithm(found.signal), 0),
    picture("kernel: log(1 + |H|)", logarithm(found.kernel), 0),
    picture("product: log(1 + |X·H|)", logarithm(found.product), 0),
    picture("inverse transform", found.result, Math.min(...found.result.flat())),
  );
  byId("plane-verdict").textContent = planeVerdict(state, slid, found.result, size);
}

function planeVerdict({ flip, padded }, slid, result, size) {
  const turned = flip ? "" : " (without a flip the reversed kernel is transformed)";
  if (padded)
    return `Transform of ${size.join(" × ")}${turned}: the full result, largest difference from the slid one ${format(furthest(slid, result))}.`;
  const cells = result.flatMap((row, i) => row.filter((value, j) => Math.abs(value - slid[i][j]) > tolerance(slid)));
  return `Transform of only ${size.join(" × ")}${turned}: ${cells.length} of ${result.flat().length} values are wrong, the margin has wrapped around.`;
}
