// What other libraries call the operation on the screen, and what their own call returns.
//
// In each entry, `call(s)` is the call for the signal x and the kernel h (a dilated kernel with its zeros written out);
// `center(taps, flip)` is the tap, in the kernel as given, that lies on output i in `same`; `boundaries` has the
// library's word for ours; `modes` and `refuses` say what it can't do, `strided` how
// every s-th output is asked for, by slicing if nothing else is said.

import { dilated, shape, slide } from "./arithmetic.js";

const lower = (taps) => Math.floor((taps - 1) / 2);
const upper = (taps) => Math.floor(taps / 2);
const operation = (s) => (s.flip ? "convolve" : "correlate");
const turned = (s, text = "h[::-1, ::-1]") => (s.flip ? text : "h");
const kernelIsLarger = (s) => shape(s.kernel).some((taps, i) => taps > shape(s.signal)[i]);
/** torch mirrors and wraps around once only: fewer ghosts than samples (reflect), or as many (wrap). */
const tooFar = (s) =>
  ["reflect", "wrap"].includes(s.boundary) &&
  shape(s.kernel).some(
    (taps, i) => (s.mode === "full" ? taps - 1 : upper(taps)) > shape(s.signal)[i] - (s.boundary === "reflect" ? 1 : 0),
  );
const sliced = (call, stride) => `${call}[::${stride}, ::${stride}]`;
const itself = (call) => call;
const ALL = ["full", "same", "valid"];

const LIBRARIES = [
  {
    name: "NumPy",
    strided: (call, stride) => `${call}[::${stride}]`,
    word: (s) => (s.flip ? "convolve" : "correlate"),
    modes: ALL,
    boundaries: { zero: "zeros" },
    center: (taps, flip) => (flip ? lower(taps) : upper(taps)),
    call: (s) => `np.${operation(s)}(x[0], h[0], "${s.mode}")`,
    refuses: (s) =>
      (s.signal.length > 1 || s.kernel.length > 1 ? "only one dimension" : "") ||
      (kernelIsLarger(s) ? "takes the longer operand as the signal" : ""),
  },
  {
    name: "SciPy signal, n-D",
    word: operation,
    modes: ALL,
    boundaries: { zero: "zeros" },
    center: (taps, flip) => (flip ? lower(taps) : upper(taps)),
    call: (s) => `signal.${operation(s)}(x, h, "${s.mode}")`,
  },
  {
    name: "SciPy signal, 2-D",
    word: (s) => `${operation(s)}2d`,
    modes: ALL,
    boundaries: { zero: "fill", constant: "fill", symmetric: "symm", wrap: "wrap" },
    center: lower,
    call: (s, boundary) => {
      const fill = s.boundary === "constant" ? `, fillvalue=${s.fill}` : "";
      return `signal.${operation(s)}2d(x, h, "${s.mode}"${s.mode === "valid" ? "" : `, boundary="${boundary}"${fill}`})`;
    },
  },
  {
    name: "SciPy ndimage",
    word: operation,
    modes: ["same"],
    boundaries: {
      zero: "constant",
      constant: "constant",
      edge: "nearest",
      symmetric: "reflect",
      reflect: "mirror",
      wrap: "wrap",
    },
    center: upper,
    call: (s, boundary) =>
      `ndimage.${operation(s)}(x, h, mode="${boundary}"${s.boundary === "constant" ? `, cval=${s.fill}` : ""})`,
  },
  {
    name: "PyTorch",
    word: (s) => (s.flip ? "conv2d with the kernel turned" : "conv2d, “convolution”"),
    modes: ALL,
    boundaries: { zero: "zeros", reflect: "reflect", edge: "replicate", wrap: "circular" },
    center: (taps, flip) => (flip ? upper(taps) : lower(taps)),
    call: torchCall,
    strided: itself,
    refuses: (s) =>
      (s.mode === "same" && s.stride > 1 ? 'padding="same" only with stride 1' : "") ||
      (s.mode !== "full" && kernelIsLarger(s) ? "the kernel must fit into the padded signal" : "") ||
      (tooFar(s) ? `pads no further than the signal with ${s.boundary}` : ""),
  },
  {
    name: "TensorFlow",
    word: (s) => (s.flip ? "nn.conv2d with the kernel turned" : "nn.conv2d, “convolution”"),
    modes: ["same", "valid"],
    boundaries: { zero: "zeros" },
    center: (taps, flip) => (flip ? upper(taps) : lower(taps)),
    call: (s) => `tf.nn.conv2d(x, ${turned(s)}, strides=${s.stride}, padding="${s.mode.toUpperCase()}")`,
    strided: itself,
    refuses: (s) =>
      (s.mode === "same" && s.stride > 1 ? "its centre moves with stride and size" : "") ||
      (kernelIsLarger(s) ? "the kernel must fit into the signal" : ""),
  },
  {
    name: "OpenCV",
    word: (s) => (s.flip ? "filter2D with the kernel turned" : "filter2D"),
    modes: ["same"],
    boundaries: {
      zero: "BORDER_CONSTANT",
      edge: "BORDER_REPLICATE",
      symmetric: "BORDER_REFLECT",
      reflect: "BORDER_REFLECT_101",
    },
    center: (taps, flip) => (flip ? lower(taps) : upper(taps)),
    call: (s, boundary) => `cv2.filter2D(x, -1, ${turned(s)}, borderType=cv2.${boundary})`,
  },
  {
    name: "MATLAB",
    word: (s) => (s.flip && s.boundary === "zero" ? "conv2" : "imfilter"),
    modes: ALL,
    boundaries: { zero: "0", constant: "a number", edge: "replicate", symmetric: "symmetric", wrap: "circular" },
    center: (taps, flip) => (flip ? upper(taps) : lower(taps)),
    call: matlabCall,
    strided: (call, stride) => `y = ${call}; y(1:${stride}:end, 1:${stride}:end)`,
    refuses: (s) =>
      (s.mode === "valid" && !s.flip ? "imfilter has no valid" : "") ||
      (s.mode === "valid" && kernelIsLarger(s) ? "conv2 returns nothing where the kernel is larger" : ""),
  },
  {
    name: "Astropy",
    word: (s) => (s.flip ? "convolve" : "convolve with the kernel turned"),
    modes: ["same"],
    boundaries: { zero: "fill", constant: "fill", edge: "extend", wrap: "wrap" },
    center: lower,
    call: (s, boundary) => {
      const kernel = s.flip ? "h" : "h[::-1, ::-1]";
      const fill = s.boundary === "constant" ? `, fill_value=${s.fill}` : "";
      return `astropy.convolution.convolve(x, ${kernel}, boundary="${boundary}"${fill}, normalize_kernel=False)`;
    },
    refuses: (s) => (shape(s.kernel).some((taps) => taps % 2 === 0) ? "odd kernels only" : ""),
  },
];

function torchCall(s, boundary) {
  const [rows, columns] = shape(s.kernel);
  const kernel = turned(s, "h.flip(2, 3)") + (s.stride === 1 ? "" : `, stride=${s.stride}`);
  if (s.mode === "valid") return `F.conv2d(x, ${kernel})`;
  const padding = s.mode === "same" ? `"same"` : `(${rows - 1}, ${columns - 1})`;
  if (s.boundary === "zero") return `F.conv2d(x, ${kernel}, padding=${padding})`;
  const [low, high] = s.mode === "full" ? [(taps) => taps - 1, (taps) => taps - 1] : [lower, upper];
  const widths = [low(columns), high(columns), low(rows), high(rows)].join(", ");
  return `F.conv2d(F.pad(x, (${widths}), mode="${boundary}"), ${kernel})`;
}

function matlabCall(s, boundary) {
  if (s.flip && s.boundary === "zero") return `conv2(x, h, '${s.mode}')`;
  const outside = { zero: "0", constant: s.fill }[s.boundary] ?? `'${boundary}'`;
  return `imfilter(x, ${turned(s, "rot90(h, 2)")}, ${outside}${s.mode === "full" ? ", 'full'" : ""})`;
}

/** For each library: its word, its call, and what it returns (`result`) or why it has no such call (`reason`). */
export function otherLibraries(settings) {
  const spread = { ...settings, kernel: dilated(settings.kernel, settings.dilation), dilation: 1 };
  if (settings.mode === "valid") spread.boundary = "zero";
  return LIBRARIES.map((library) => ({ name: library.name, word: library.word(spread), ...answer(library, spread) }));
}

function answer(library, s) {
  const boundary = library.boundaries[s.boundary];
  if (!library.modes.includes(s.mode)) return { reason: `has no ${s.mode}` };
  if (boundary === undefined) return { reason: `has no boundary like ${s.boundary}` };
  const reason = library.refuses?.(s);
  if (reason) return { reason };
  const center = s.mode === "same" ? shape(s.kernel).map((taps) => library.center(taps, s.flip)) : null;
  const whole = library.call(s, boundary);
  const call = s.stride === 1 ? whole : (library.strided ?? sliced)(whole, s.stride);
  return { call, center, boundary, result: slide({ ...s, center }) };
}
