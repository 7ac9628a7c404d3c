// The signals and kernels that can be chosen by name, and how a matrix changes its size.

import { SOBEL } from "./state.js";

const filled = (rows, columns, f) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)));

/** Signals of any size: name and the sample at (i, j) of a rows × columns matrix. */
const SIGNALS = {
  gradient: (i, j) => 10 * (i + 1) * (j + 1),
  step: (i, j, rows, columns) => (j < Math.floor(columns / 2) ? 0 : 100),
  impulse: (i, j, rows, columns) => (i === (rows - 1) >> 1 && j === (columns - 1) >> 1 ? 1 : 0),
  checkerboard: (i, j) => ((i + j) % 2 === 0 ? 100 : 0),
};
export const PHOTO_PATCH = "patch of the photograph";
export const TEXTBOOK_SOBEL = "Sobel-X (textbook, no flip)";

/** The upper left corner of the patch: the eyes of the photograph. */
const PATCH = [64, 84];

export const signalNames = [...Object.keys(SIGNALS), PHOTO_PATCH];

/** The preset's matrix of a size; `photo` is the grey photograph. */
export function presetSignal(name, rows, columns, photo) {
  if (name !== PHOTO_PATCH) return filled(rows, columns, (i, j) => SIGNALS[name](i, j, rows, columns));
  return filled(rows, columns, (i, j) => photo[PATCH[0] + i][PATCH[1] + j]);
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The name of the preset that a signal is, or "" for own numbers. */
export const nameOfSignal = (signal, photo) =>
  signalNames.find((name) => same(signal, presetSignal(name, signal.length, signal[0].length, photo))) ?? "";

/** The kernels of the list: the textbooks' Sobel first, then those of the gallery. */
export const kernelPresets = (gallery) => [{ name: TEXTBOOK_SOBEL, taps: SOBEL }, ...gallery.map(({ small }) => small)];

export const nameOfKernel = (kernel, presets) => presets.find(({ taps }) => same(kernel, taps))?.name ?? "";

/** A matrix of another size: cut, or filled up with zeros. */
export const resized = (matrix, rows, columns) => filled(rows, columns, (i, j) => matrix[i]?.[j] ?? 0);
