// The arithmetic of the page, and nothing else: no page code. It is sigconv's one formula on two axes,
//
//     y[k] = Σ_a ext(x)[k − (M − 1) + d·a] · applied[a],   k = start, start + stride, … < stop,
//
// where `applied` is the kernel as it lies on the signal: reversed when the operator flips, as given when it does not;
// M = d(m − 1) + 1 is the reach of m taps with dilation d. One-dimensional data are a matrix of one row.

export const MODES = ["full", "same", "valid"];
export const BOUNDARIES = ["zero", "constant", "edge", "symmetric", "reflect", "wrap", "renormalize"];

const EPSILON = Number.EPSILON;
const modulo = (a, n) => ((a % n) + n) % n;
export const reversed = (matrix) => matrix.map((row) => [...row].reverse()).reverse();
export const sum = (values) => values.reduce((total, value) => total + value, 0);
export const total = (matrix) => sum(matrix.map(sum));
export const shape = (matrix) => [matrix.length, matrix[0].length];
export const zeros = (rows, columns) => Array.from({ length: rows }, () => new Array(columns).fill(0));
export const combine = (a, b, f) => a.map((row, i) => row.map((value, j) => f(value, b[i][j])));

/** M, the samples from the first to the last tap of a dilated kernel. */
export const reach = (taps, dilation) => dilation * (taps - 1) + 1;

/** The outputs [start, stop) of the full result that a mode wants on one axis. */
export function outputs(mode, length, taps, dilation, center, flip) {
  const span = reach(taps, dilation);
  if (mode === "full") return [0, length + span - 1];
  if (mode === "valid") return [Math.min(length, span) - 1, Math.max(length, span)];
  const start = sameStart(span, dilation, center, flip);
  return [start, start + length];
}

/** Where `same` starts, so that tap `center` of the kernel as given lies on output i. */
function sameStart(span, dilation, center, flip) {
  if (center === null) return Math.floor((span - 1) / 2);
  return flip ? dilation * center : span - 1 - dilation * center;
}

/** The sample of the signal that stands at a position, or −1 where the boundary has no sample. */
export function sourceIndex(boundary, position, length) {
  if (position >= 0 && position < length) return position;
  if (boundary === "edge") return Math.min(Math.max(position, 0), length - 1);
  if (boundary === "wrap") return modulo(position, length);
  if (boundary === "symmetric") {
    const folded = modulo(position, 2 * length);
    return Math.min(folded, 2 * length - 1 - folded);
  }
  if (boundary === "reflect") {
    const period = Math.max(1, 2 * (length - 1));
    const folded = modulo(position, period);
    return Math.min(folded, period - folded);
  }
  return -1;
}

/** From the settings to the problem: one entry an axis, the kernel as applied, and the sample that each tap meets. */
export function prepare({ signal, kernel, mode, flip, boundary, fill = 0, center = null, stride = 1, dilation = 1 }) {
  const [lengths, taps] = [shape(signal), shape(kernel)];
  const axes = lengths.map((length, i) => {
    const [start, stop] = outputs(mode, length, taps[i], dilation, center && center[i], flip);
    const span = reach(taps[i], dilation);
    return { length, taps: taps[i], span, start, count: Math.ceil((stop - start) / stride), stride, dilation };
  });
  if (mode === "valid") checkContained(axes);
  const outside = mode === "valid" ? "zero" : boundary;
  if (outside === "renormalize") checkSum(kernel);
  return {
    signal,
    axes,
    boundary: outside,
    applied: flip ? reversed(kernel) : kernel,
    outside: outside === "constant" ? fill : 0,
    met: axes.map((axis) => Array.from({ length: axis.count }, (_, k) => samplesMet(axis, k, outside))),
  };
}

function checkContained(axes) {
  if (axes.every((a) => a.span <= a.length) || axes.every((a) => a.span >= a.length)) return;
  throw new RangeError("valid: neither the signal nor the kernel contains the other. Use full or same.");
}

/** The sum of a kernel's weights: 0 where only rounding is left of it. */
export const sumOfWeights = (kernel) =>
  vanishes(total(kernel), kernel.flat(), kernel.flat().length) ? 0 : total(kernel);

/** A kernel whose sum vanishes, but for rounding, can't be scaled to its sum. */
function checkSum(kernel) {
  if (sumOfWeights(kernel) !== 0) return;
  throw new RangeError(
    "renormalize: the kernel's weights add up to 0, there is nothing to scale to. Use another boundary.",
  );
}

const vanishes = (value, taps, count) => Math.abs(value) <= 4 * count * EPSILON * sum(taps.map(Math.abs));

/** The positions, on the extended signal, of the taps that make one output of an axis. */
export function positions(axis, output) {
  const first = axis.start + output * axis.stride - (axis.span - 1);
  return Array.from({ length: axis.taps }, (_, a) => first + axis.dilation * a);
}

const samplesMet = (axis, output, boundary) =>
  positions(axis, output).map((position) => sourceIndex(boundary, position, axis.length));

const sampleAt = (problem, row, column) => (row < 0 || column < 0 ? problem.outside : problem.signal[row][column]);

/** The sum of the products of one output, before `renormalize` scales it. */
function plainSum(problem, row, column) {
  const [rows, columns] = [problem.met[0][row], problem.met[1][column]];
  let result = 0;
  for (let a = 0; a < rows.length; a++) {
    for (let b = 0; b < columns.length; b++) result += sampleAt(problem, rows[a], columns[b]) * problem.applied[a][b];
  }
  return result;
}

/** What `renormalize` multiplies by: (Σ kernel)/(Σ of the taps that met a sample); 1 for the other boundaries. */
function scale(problem, row, column) {
  if (problem.boundary !== "renormalize") return 1;
  const [rows, columns] = [problem.met[0][row], problem.met[1][column]];
  const taps = problem.applied.flatMap((line, a) => line.filter((_, b) => rows[a] >= 0 && columns[b] >= 0));
  const all = problem.applied.flat();
  if (taps.length === all.length) return 1;
  return vanishes(sum(taps), taps, all.length) ? NaN : sum(all) / sum(taps);
}

/** One output. */
export const outputAt = (problem, row, column) => plainSum(problem, row, column) * scale(problem, row, column);

/** Every output of a prepared problem. */
export const outputsOf = (problem) =>
  problem.met[0].map((_, row) => problem.met[1].map((_, column) => outputAt(problem, row, column)));

/** Convolution (flip) or correlation (no flip) of real data: what sigconv's `slide` returns. */
export const slide = (settings) => outputsOf(prepare(settings));

/** How one output comes about: for every tap its position, the sample there, its weight and their product. */
export function working(problem, row, column) {
  const [rows, columns] = [positions(problem.axes[0], row), positions(problem.axes[1], column)];
  const taps = problem.applied.map((line, a) =>
    line.map((weight, b) => {
      const cell = cellAt(problem, rows[a], columns[b]);
      return { ...cell, weight, product: cell.value * weight };
    }),
  );
  const [sum, factor] = [plainSum(problem, row, column), scale(problem, row, column)];
  return { taps, sum, scale: factor, output: outputAt(problem, row, column) };
}

/** What stands at a position of the extended signal: a sample, a ghost (with its source, if it has one) or nothing. */
function cellAt(problem, row, column) {
  const [lines, columns] = problem.axes.map(({ length }) => length);
  const [i, j] = [sourceIndex(problem.boundary, row, lines), sourceIndex(problem.boundary, column, columns)];
  const ghost = row < 0 || row >= lines || column < 0 || column >= columns;
  const source = i < 0 || j < 0 ? null : [i, j];
  const missing = source === null && problem.boundary === "renormalize";
  return { row, column, ghost, source, missing, value: sampleAt(problem, i, j) };
}

/** The signal with the ghosts that any output reads, as cells; the first may have negative positions. */
export function extended(problem) {
  const [rows, columns] = problem.axes.map((axis) => {
    const low = Math.min(0, positions(axis, 0)[0]);
    const high = Math.max(axis.length, positions(axis, axis.count - 1).at(-1) + 1);
    return Array.from({ length: high - low }, (_, i) => low + i);
  });
  return rows.map((row) => columns.map((column) => cellAt(problem, row, column)));
}

/** The index, in the kernel as given, that lies on output i in `same`; halves lie in the hole of a dilated kernel. */
export function centerOf(problem, flip) {
  return problem.axes.map((axis) => (flip ? axis.start : axis.span - 1 - axis.start) / axis.dilation);
}

/** A kernel with the d − 1 zeros between its taps written out. */
export function dilated(kernel, dilation) {
  const [rows, columns] = shape(kernel);
  const result = zeros(reach(rows, dilation), reach(columns, dilation));
  kernel.forEach((row, i) => row.forEach((value, j) => (result[i * dilation][j * dilation] = value)));
  return result;
}

/** A matrix laid into another shape; what does not fit is added where it wraps around to. */
export function folded(matrix, [rows, columns]) {
  const result = zeros(rows, columns);
  matrix.forEach((row, i) => row.forEach((value, j) => (result[i % rows][j % columns] += value)));
  return result;
}

const transposed = (matrix) => matrix[0].map((_, j) => matrix.map((row) => row[j]));

/** The discrete Fourier transform of each row, by its definition Σ z[n]·exp(∓2πi·kn/N). */
function transformRows({ re, im }, sign) {
  const count = re[0].length;
  const angles = Array.from({ length: count }, (_, i) => (2 * Math.PI * i) / count);
  const [cosine, sine] = [angles.map(Math.cos), angles.map((angle) => sign * Math.sin(angle))];
  const term = (row, part) =>
    Array.from({ length: count }, (_, k) => sum(re[row].map((x, n) => part(x, im[row][n], (k * n) % count))));
  return {
    re: re.map((_, row) => term(row, (x, y, i) => x * cosine[i] - y * sine[i])),
    im: re.map((_, row) => term(row, (x, y, i) => x * sine[i] + y * cosine[i])),
  };
}

/** The discrete Fourier transform over both axes; the inverse one divides by the number of entries. */
export function transform(z, inverse = false) {
  const flipAxes = ({ re, im }) => ({ re: transposed(re), im: transposed(im) });
  const sign = inverse ? 1 : -1;
  const result = flipAxes(transformRows(flipAxes(transformRows(z, sign)), sign));
  const size = inverse ? z.re.length * z.re[0].length : 1;
  return { re: result.re.map((row) => row.map((v) => v / size)), im: result.im.map((row) => row.map((v) => v / size)) };
}

export const magnitude = ({ re, im }) => combine(re, im, Math.hypot);

/** The convolution theorem at one transform shape: both spectra, their product, its inverse. */
export function byTheorem(signal, kernel, size) {
  const spectrum = (matrix) => transform({ re: folded(matrix, size), im: zeros(...size) });
  const [x, h] = [spectrum(signal), spectrum(kernel)];
  const product = {
    re: x.re.map((row, i) => row.map((v, j) => v * h.re[i][j] - x.im[i][j] * h.im[i][j])),
    im: x.re.map((row, i) => row.map((v, j) => v * h.im[i][j] + x.im[i][j] * h.re[i][j])),
  };
  return { signal: x, kernel: h, product, result: transform(product, true).re };
}

/** |H| of a kernel at `points` frequencies an axis from −½ to ½ cycles a sample. */
export function response(kernel, points) {
  const steps = Array.from({ length: points }, (_, i) => i / (points - 1) - 0.5);
  const at = (v, u) => {
    const angle = (i, j) => 2 * Math.PI * (v * i + u * j);
    const part = (f) => sum(kernel.map((row, i) => sum(row.map((value, j) => value * f(angle(i, j))))));
    return Math.hypot(part(Math.cos), part(Math.sin));
  };
  return steps.map((v) => steps.map((u) => at(v, u)));
}

/** A layer of a network at every output: for each of its kernels one result a channel, and their total plus bias. */
export function layer(image, kernels, bias) {
  return kernels.map((slices, k) => {
    const partial = slices.map((kernel, c) =>
      slide({ signal: image[c], kernel, mode: "valid", flip: false, boundary: "zero" }),
    );
    return {
      partial,
      total: partial.reduce((a, b) => combine(a, b, (x, y) => x + y)).map((row) => row.map((v) => v + bias[k])),
    };
  });
}

/** How many numbers such a layer learns: outputs · inputs · height · width, and a bias an output. */
export const parameterCount = (inputs, results, height, width) => results * inputs * height * width + results;
