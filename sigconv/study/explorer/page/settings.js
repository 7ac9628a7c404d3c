// The controls of the calculator: operator, mode, boundary, stride, dilation, centre, sizes and presets.

import { BOUNDARIES, MODES, shape } from "./arithmetic.js";
import { byId, fillSelect, parseNumber } from "./dom.js";
import { kernelPresets, nameOfKernel, nameOfSignal, presetSignal, resized, signalNames } from "./presets.js";
import { LIMITS } from "./state.js";

const OWN = ["", "own numbers"];

const NOTES = {
  full: "full: every place where kernel and signal touch.",
  same: "same: as many outputs as samples; at the edges the kernel reads ghosts.",
  valid: "valid: only places where the kernel lies wholly on the signal, so the boundary has no effect.",
};

/** What is computed for a state and one of the two operators. */
export function settingsOf(state, flip = state.flip) {
  const { signal, kernel, mode, boundary, fill, stride, dilation } = state;
  return {
    signal,
    kernel,
    mode,
    flip,
    boundary,
    fill,
    stride,
    dilation,
    center: mode === "same" ? state.center : null,
  };
}

/** Connect the controls with the store; `photo` is the grey photograph. */
export function connectSettings(store, gallery, photo) {
  const kernels = kernelPresets(gallery);
  fillSelect(
    byId("mode"),
    MODES.map((mode) => [mode, mode]),
  );
  fillSelect(
    byId("boundary"),
    BOUNDARIES.map((boundary) => [boundary, boundary]),
  );
  fillSelect(byId("signal-preset"), [...signalNames.map((name) => [name, name]), OWN]);
  fillSelect(byId("kernel-preset"), [...kernels.map(({ name }) => [name, name]), OWN]);
  connectOptions(store);
  connectSignal(store, photo);
  connectKernel(store, kernels);
}

function connectOptions(store) {
  byId("flip").addEventListener("change", (event) => store.set({ flip: event.target.checked }));
  for (const id of ["mode", "boundary"])
    byId(id).addEventListener("change", (event) => store.set({ [id]: event.target.value }));
  whenNumber("fill", -Infinity, Infinity, (fill) => store.set({ fill }));
  for (const id of ["stride", "dilation"])
    whenNumber(id, 1, LIMITS[id], (value) => store.set({ [id]: Math.round(value) }));
  byId("center").addEventListener("change", ({ target }) =>
    store.set({ center: target.value === "" ? null : target.value.split(",").map(Number) }),
  );
  store.on(["flip", "mode", "boundary", "fill", "stride", "dilation", "kernel", "center"], showOptions);
}

function showOptions(state) {
  byId("flip").checked = state.flip;
  for (const id of ["mode", "boundary", "fill", "stride", "dilation"]) byId(id).value = state[id];
  byId("boundary").disabled = state.mode === "valid";
  byId("fill-label").hidden = state.boundary !== "constant" || state.mode === "valid";
  byId("option-note").textContent = NOTES[state.mode];
  byId("center").disabled = state.mode !== "same";
  const taps = state.kernel.flatMap((row, i) => row.map((_, j) => [`${i},${j}`, `tap (${i}, ${j})`]));
  fillSelect(byId("center"), [["", "SciPy's"], ...taps]);
  byId("center").value = state.center ? state.center.join(",") : "";
}

/** Call a function with the number that was typed, brought into its range; what is no number is put back. */
export function whenNumber(id, low, high, act) {
  const input = byId(id);
  let last = input.value;
  input.addEventListener("focus", () => (last = input.value));
  input.addEventListener("change", () => {
    const value = parseNumber(input.value);
    input.value = value === null ? last : Math.min(Math.max(value, low), high);
    last = input.value;
    if (value !== null) act(Number(input.value));
  });
}

function connectSignal(store, photo) {
  const preset = (name, rows, columns) => presetSignal(name, rows, columns, photo);
  byId("signal-preset").addEventListener("change", ({ target }) => {
    const signal = target.value && preset(target.value, ...shape(store.state.signal));
    if (signal) store.set({ signal });
  });
  connectSize("signal", (rows, columns) => {
    const name = nameOfSignal(store.state.signal, photo);
    store.set({ signal: name ? preset(name, rows, columns) : resized(store.state.signal, rows, columns) });
  });
  store.on(["signal"], ({ signal }) => {
    byId("signal-preset").value = nameOfSignal(signal, photo);
    showSize("signal", signal);
  });
}

function connectKernel(store, kernels) {
  byId("kernel-preset").addEventListener("change", ({ target }) => {
    const preset = kernels.find(({ name }) => name === target.value);
    if (preset) store.set({ kernel: preset.taps, center: null });
  });
  connectSize("kernel", (rows, columns) =>
    store.set({ kernel: resized(store.state.kernel, rows, columns), center: null }),
  );
  store.on(["kernel"], ({ kernel }) => {
    byId("kernel-preset").value = nameOfKernel(kernel, kernels);
    showSize("kernel", kernel);
  });
}

function connectSize(which, resize) {
  const size = () => ["rows", "columns"].map((side) => Math.round(Number(byId(`${which}-${side}`).value)));
  for (const side of ["rows", "columns"]) whenNumber(`${which}-${side}`, 1, LIMITS[which], () => resize(...size()));
}

function showSize(which, matrix) {
  [byId(`${which}-rows`).value, byId(`${which}-columns`).value] = shape(matrix);
}
