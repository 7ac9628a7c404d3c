// The calculator: signal with ghosts, kernel, both operators side by side, and how the chosen output comes about.

import { centerOf, combine, extended, outputsOf, prepare, sumOfWeights, working } from "./arithmetic.js";
import { byId, format } from "./dom.js";
import { Grid } from "./grid.js";
import { connectPlayer } from "./player.js";
import { settingsOf } from "./settings.js";
import { isTextbook } from "./state.js";
import { showWorking } from "./steps.js";

const NAMES = ["signal", "kernel", "flip", "mode", "boundary", "fill", "stride", "dilation", "center"];
const OPERATOR = { true: "convolution", false: "correlation" };

/** Both operators for a state: { problem, output }, or the error that says why there is none. */
function solve(state) {
  const one = (flip) => {
    const problem = prepare(settingsOf(state, flip));
    return { problem, output: outputsOf(problem) };
  };
  try {
    return { true: one(true), false: one(false) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { error };
  }
}

/** The chosen output, brought into the range of the outputs there are. */
const chosen = (state, output) => [
  Math.min(state.at[0], output.length - 1),
  Math.min(state.at[1], output[0].length - 1),
];

/** Build the calculator; returns the function that gives the present result. */
export function buildCalculator(store) {
  const replace = (name) => (row, column, value) =>
    store.set({
      [name]: store.state[name].map((line, i) => (i === row ? line.map((v, j) => (j === column ? value : v)) : line)),
    });
  const grids = {
    signal: new Grid(byId("signal-grid"), { label: "signal", edit: replace("signal") }),
    kernel: new Grid(byId("kernel-grid"), { label: "kernel", edit: replace("kernel") }),
    difference: new Grid(byId("difference-grid"), { label: "difference" }),
  };
  for (const flip of [false, true]) {
    const select = (row, column) => store.set({ at: [row, column], flip });
    grids[flip] = new Grid(byId(`${OPERATOR[flip]}-grid`), { label: OPERATOR[flip], select });
  }
  let result = solve(store.state);
  store.on(NAMES, (state) => {
    result = solve(state);
    showProblem(grids, state, result);
  });
  store.on([...NAMES, "at"], (state) => !result.error && showChosen(grids, state, result));
  connectPlayer(store, () => (result.error ? null : result[store.state.flip].output), chosen);
  return () => result;
}

function showProblem(grids, state, result) {
  byId("story").hidden = !isTextbook(state);
  byId("refusal").textContent = result.error?.message ?? "";
  byId("results").hidden = Boolean(result.error);
  grids.kernel.showMatrix(state.kernel);
  byId("kernel-sum").textContent = `Sum of the weights: ${format(sumOfWeights(state.kernel))}.`;
  if (result.error) {
    grids.signal.mark([]);
    grids.kernel.mark([]);
    grids.signal.showMatrix(state.signal);
    return;
  }
  showSignal(grids.signal, result[state.flip].problem);
  showCenter(grids.kernel, state, result[state.flip].problem);
  for (const flip of [false, true]) grids[flip].showMatrix(result[flip].output);
  showDifference(grids.difference, result.true.output, result.false.output);
}

/** The difference; what is only rounding beside the operands reads 0. */
function showDifference(grid, convolution, correlation) {
  const difference = combine(convolution, correlation, (a, b) => a - b);
  const rounding = 1e-12 * Math.max(...convolution.flat().map(Math.abs));
  const cell = (value, row, column) => ({ row, column, value, text: Math.abs(value) < rounding ? "0" : undefined });
  grid.show(difference.map((line, row) => line.map((value, column) => cell(value, row, column))));
}

function showSignal(grid, problem) {
  grid.mark([]);
  grid.show(extended(problem).map((row) => row.map((cell) => ({ ...cell, text: cell.missing ? "·" : undefined }))));
}

function showCenter(grid, state, problem) {
  const center = centerOf(problem, state.flip);
  const marked = state.mode === "same" && center.every(Number.isInteger);
  grid.mark(marked ? [[...center, "center"]] : []);
  byId("kernel-center").textContent = centerNote(state, center);
}

function centerNote({ kernel, mode, center: asked }, center) {
  if (mode !== "same") return "";
  if (!center.every(Number.isInteger)) return "The centre lies in a hole between two taps.";
  const place = `● The tap (${center.join(", ")}) lies on output [i, j], as marked. `;
  const even = kernel.length % 2 === 0 || kernel[0].length % 2 === 0;
  if (!even || asked) return place;
  return `${place}An even number of taps has no middle; this is SciPy's choice, some libraries take the other one.`;
}

function showChosen(grids, state, result) {
  const { problem, output } = result[state.flip];
  const [row, column] = chosen(state, output);
  const work = working(problem, row, column);
  const on = state.mode === "same" ? [[row * state.stride, column * state.stride, "center"]] : [];
  markWindow(grids.signal, work.taps.flat(), on);
  for (const flip of [false, true]) {
    grids[flip].current(row, column);
    grids[flip].mark([[row, column, flip === state.flip ? "output" : "twin"]]);
    byId(OPERATOR[flip]).classList.toggle("active", flip === state.flip);
  }
  grids.difference.mark([[row, column, "twin"]]);
  showWorking(work, [row, column], state.flip);
  byId("announcement").textContent =
    `${OPERATOR[state.flip]}, output row ${row}, column ${column}: ${format(work.output)}`;
}

/** Mark what the taps lie on, with their weights, and the samples that ghosts among them were read from. */
function markWindow(grid, taps, on) {
  const sources = taps.filter(({ ghost, source }) => ghost && source);
  const window = taps.map(({ row, column, weight }) => [row, column, "window", format(weight)]);
  const inWindow = new Set(taps.map(({ row, column }) => `${row},${column}`));
  const outside = sources.map(({ source }) => source).filter((source) => !inWindow.has(source.join()));
  grid.mark([...window, ...outside.map((source) => [...source, "source"]), ...on]);
}
