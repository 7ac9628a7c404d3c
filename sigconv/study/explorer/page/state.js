// What the page shows: one flat object, changed in one place, kept in the address of the page.

import { BOUNDARIES, MODES } from "./arithmetic.js";

export const LIMITS = { signal: 16, kernel: 7, stride: 4, dilation: 3, line: 16, outputs: 4 };

const gradient = (size) =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => 10 * (i + 1) * (j + 1)));
export const SOBEL = [
  [-1, 0, 1],
  [-2, 0, 2],
  [-1, 0, 1],
];

/** The textbook case: a gradient and Sobel's kernel, slid without a flip. */
export const TEXTBOOK = {
  signal: gradient(5),
  kernel: SOBEL,
  flip: false,
  mode: "valid",
  boundary: "zero",
  fill: 0,
  stride: 1,
  dilation: 1,
  center: null,
  at: [0, 0],
};

/** The other sections at the start. */
const REST = {
  image: [
    [
      [1, 2, 0],
      [0, 1, 3],
      [2, 0, 1],
    ],
    [
      [0, 1, 1],
      [2, 0, 1],
      [1, 3, 0],
    ],
    [
      [3, 0, 1],
      [1, 1, 0],
      [0, 2, 2],
    ],
  ],
  weights: [
    [
      [1, 0],
      [0, -1],
    ],
    [
      [0, 2],
      [1, 0],
    ],
    [
      [-1, 1],
      [0, 1],
    ],
    [
      [1, 1],
      [1, 1],
    ],
    [
      [0, 0],
      [0, 0],
    ],
    [
      [-1, -1],
      [-1, -1],
    ],
  ],
  bias: [0, 1],
  pixel: [0, 0],
  output: 0,
  line: [1, 2, 4, 3, 1, 2],
  taps: [2, 1, 1],
  k: 3,
  padded: true,
};

export const DEFAULTS = { ...TEXTBOOK, ...REST };

const number = (text) => {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new RangeError(`“${text}” is no number`);
  return value;
};
const whole = (low, high) => (text) => {
  const value = number(text);
  if (!Number.isInteger(value) || value < low || value > high)
    throw new RangeError(`${text} is not a whole number from ${low} to ${high}`);
  return value;
};
const oneOf = (names) => (text) => {
  if (!names.includes(text)) throw new RangeError(`“${text}” is none of ${names.join(", ")}`);
  return text;
};
const list = (limit) => (text) => checkLength(text.split(",").map(number), limit);
const matrix = (limit) => (text) => {
  const rows = checkLength(text.split("_").map(list(limit)), limit);
  if (rows.some((row) => row.length !== rows[0].length)) throw new RangeError("rows of different lengths");
  return rows;
};
const matrices = (limit) => (text) => text.split("~").map(matrix(limit));
const pair = (high) => (text) => checkLength(text.split(",").map(whole(0, high)), 2, 2);
const flag = (text) => oneOf(["0", "1"])(text) === "1";

function checkLength(values, most, least = 1) {
  if (values.length < least || values.length > most)
    throw new RangeError(`${values.length} entries instead of ${least} to ${most}`);
  return values;
}

/** How each entry is read from a link. They are written by `written`. */
const READERS = {
  signal: matrix(LIMITS.signal),
  kernel: matrix(LIMITS.kernel),
  flip: flag,
  mode: oneOf(MODES),
  boundary: oneOf(BOUNDARIES),
  fill: number,
  stride: whole(1, LIMITS.stride),
  dilation: whole(1, LIMITS.dilation),
  center: (text) => (text === "" ? null : pair(LIMITS.kernel - 1)(text)),
  at: pair(99),
  image: matrices(5),
  weights: matrices(3),
  bias: list(LIMITS.outputs),
  pixel: pair(4),
  output: whole(0, LIMITS.outputs - 1),
  line: list(LIMITS.line),
  taps: list(LIMITS.kernel),
  k: whole(0, 99),
  padded: flag,
};

function written(value) {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (!Array.isArray(value)) return String(value);
  const separator = !Array.isArray(value[0]) ? "," : !Array.isArray(value[0][0]) ? "_" : "~";
  return value.map(written).join(separator);
}

/** Whether the calculator shows the textbook case, with or without the flip, at any output. */
export const isTextbook = (state) =>
  ["signal", "kernel", "mode", "stride", "dilation"].every((name) => written(state[name]) === written(TEXTBOOK[name]));

/** The state as it stands in a link: what differs from the start. */
export function encode(state) {
  const changed = Object.keys(READERS).filter((name) => written(state[name]) !== written(DEFAULTS[name]));
  return changed.map((name) => `${name}=${written(state[name])}`).join("&");
}

/** The state of a link; raises an error that names what can't be read. */
export function decode(text) {
  const state = { ...DEFAULTS };
  for (const entry of decodeURIComponent(text).split("&").filter(Boolean)) {
    const [name, ...rest] = entry.split("=");
    if (!(name in READERS)) throw new RangeError(`the link has an unknown entry “${name}”`);
    try {
      state[name] = READERS[name](rest.join("="));
    } catch (error) {
      throw new RangeError(`the link's entry “${name}” can't be read: ${error.message}`);
    }
  }
  checkTogether(state);
  return state;
}

/** Entries that must fit each other. */
function checkTogether({ kernel, center, image, weights, bias }) {
  if (center && (center[0] >= kernel.length || center[1] >= kernel[0].length))
    throw new RangeError("the link's centre lies outside its kernel");
  const sizes = (stack) => new Set(stack.map((m) => `${m.length}×${m[0].length}`)).size;
  const fits = image.length === 3 && weights.length === 3 * bias.length && sizes(image) === 1 && sizes(weights) === 1;
  if (!fits || weights[0].length > image[0].length || weights[0][0].length > image[0][0].length)
    throw new RangeError("the link's channels do not fit each other");
}

/** The state and who listens: `on(names, render)` is called at once and after each change of one of the names. */
export class Store {
  constructor(state) {
    this.state = state;
    this.listeners = [];
  }

  on(names, render) {
    this.listeners.push([new Set(names), render]);
    render(this.state);
  }

  set(changes) {
    const changed = Object.keys(changes).filter((name) => written(changes[name]) !== written(this.state[name]));
    if (changed.length === 0) return;
    this.state = { ...this.state, ...changes };
    for (const [names, render] of this.listeners) {
      if (changed.some((name) => names.has(name))) render(this.state);
    }
  }
}
