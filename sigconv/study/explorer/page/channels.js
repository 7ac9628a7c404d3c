// Channels: a slice of the kernel for each of red, green and blue, partial sums, the total, several outputs.

import { layer, parameterCount, working, prepare } from "./arithmetic.js";
import { byId, el, factor, format } from "./dom.js";
import { Grid, matrixTable } from "./grid.js";
import { resized } from "./presets.js";
import { whenNumber } from "./settings.js";
import { LIMITS } from "./state.js";

const COLOURS = ["red", "green", "blue"];

/** Build the section. */
export function buildChannels(store) {
  const replaced = (stack, at, row, column, value) =>
    stack.map((m, c) =>
      c === at ? m.map((line, i) => (i === row ? line.map((v, j) => (j === column ? value : v)) : line)) : m,
    );
  const grids = COLOURS.map((colour, c) => ({
    image: new Grid(byId(`image-${colour}`), {
      label: `${colour} channel`,
      edit: (row, column, value) => store.set({ image: replaced(store.state.image, c, row, column, value) }),
    }),
    slice: new Grid(byId(`slice-${colour}`), {
      label: `${colour} slice of the kernel`,
      edit: (row, column, value) =>
        store.set({ weights: replaced(store.state.weights, 3 * store.state.output + c, row, column, value) }),
    }),
  }));
  connectSizes(store);
  store.on(["image", "weights", "bias", "pixel", "output"], (state) => show(store, grids, state));
}

function connectSizes(store) {
  whenNumber("image-size", 1, 5, (size) => {
    const { image, weights } = store.state;
    const kernel = Math.min(weights[0].length, Math.round(size));
    setSizes(store, Math.round(size), kernel, image, weights);
  });
  whenNumber("slice-size", 1, 3, (size) => {
    const { image, weights } = store.state;
    setSizes(store, Math.max(image[0].length, Math.round(size)), Math.round(size), image, weights);
  });
  whenNumber("output-count", 1, LIMITS.outputs, (count) => setOutputs(store, Math.round(count)));
  whenNumber("bias", -Infinity, Infinity, (value) =>
    store.set({ bias: store.state.bias.map((b, k) => (k === store.state.output ? value : b)) }),
  );
}

const setSizes = (store, size, kernel, image, weights) =>
  store.set({
    image: image.map((m) => resized(m, size, size)),
    weights: weights.map((m) => resized(m, kernel, kernel)),
    pixel: [0, 0],
  });

/** New outputs start with kernels that differ: output k takes k + 1 times the sum of its window. */
function setOutputs(store, count) {
  const { weights, bias, output } = store.state;
  const fresh = (k) => weights.slice(0, 3).map((m) => m.map((row) => row.map(() => k + 1)));
  const stacks = Array.from({ length: count }, (_, k) =>
    k < bias.length ? weights.slice(3 * k, 3 * k + 3) : fresh(k),
  );
  store.set({ weights: stacks.flat(), bias: stacks.map((_, k) => bias[k] ?? 0), output: Math.min(output, count - 1) });
}

function show(store, grids, state) {
  const { image, weights, bias } = state;
  const stacks = bias.map((_, k) => weights.slice(3 * k, 3 * k + 3));
  const results = layer(image, stacks, bias);
  const output = Math.min(state.output, bias.length - 1);
  const pixel = state.pixel.map((p) => Math.min(p, results[0].total.length - 1));
  [byId("image-size").value, byId("slice-size").value] = [image[0].length, weights[0].length];
  [byId("output-count").value, byId("bias").value] = [bias.length, bias[output]];
  showChannels(grids, image, stacks[output], pixel);
  showTotal(results[output], bias[output], pixel);
  showOutputs(store, results, output, pixel);
  showParameters(weights, bias);
}

function showChannels(grids, image, slices, pixel) {
  grids.forEach(({ image: grid, slice }, c) => {
    grid.showMatrix(image[c]);
    slice.showMatrix(slices[c]);
    const work = working(
      prepare({ signal: image[c], kernel: slices[c], mode: "valid", flip: false, boundary: "zero" }),
      ...pixel,
    );
    grid.mark(work.taps.flat().map(({ row, column, weight }) => [row, column, "window", format(weight)]));
    const products = work.taps.map((line) => line.map(({ product }) => ({ value: product, class: "product" })));
    byId(`products-${COLOURS[c]}`).replaceChildren(matrixTable(products, `products of the ${COLOURS[c]} channel`));
    byId(`partial-${COLOURS[c]}`).textContent = format(work.output);
  });
}

function showTotal({ partial, total }, bias, [row, column]) {
  const sums = partial.map((matrix) => factor(matrix[row][column]));
  byId("channel-total").textContent = `${sums.join(" + ")} + bias ${factor(bias)} = ${format(total[row][column])}`;
}

function showOutputs(store, results, output, pixel) {
  const focused = byId("channel-outputs").contains(document.activeElement);
  const figures = results.map(({ total }, k) => {
    const place = el("div", { class: "scroll" });
    const grid = new Grid(place, {
      label: `output ${k}`,
      select: (row, column) => store.set({ pixel: [row, column], output: k }),
    });
    grid.showMatrix(total);
    grid.current(...pixel);
    grid.mark([[...pixel, k === output ? "output" : "twin"]]);
    return [el("figure", { class: k === output ? "active" : "" }, el("figcaption", {}, `output ${k}`), place), grid];
  });
  byId("channel-outputs").replaceChildren(...figures.map(([figure]) => figure));
  if (focused) figures[output][1].at(...pixel).cell.focus({ preventScroll: true });
}

function showParameters(weights, bias) {
  const [rows, columns] = [weights[0].length, weights[0][0].length];
  const count = parameterCount(3, bias.length, rows, columns);
  byId("parameters").textContent =
    `${bias.length} outputs × 3 channels × ${rows} × ${columns} weights + ${bias.length} biases = ${count} parameters, ` +
    "whatever the size of the picture";
}
