// The code for exactly what the calculator shows: sigconv, NumPy with SciPy, PyTorch.

import { reach } from "./arithmetic.js";

const python = (value) => (Number.isFinite(value) ? String(value) : `float("${value}")`);
const numbers = (row) => `[${row.map(python).join(", ")}]`;
const rows = (matrix) => `[\n${matrix.map((row) => `    ${numbers(row)},\n`).join("")}]`;
const stack = (matrices) => `[\n${matrices.map((m) => `    [${m.map(numbers).join(", ")}],\n`).join("")}]`;
const pairs = ([top, bottom, left, right]) => `((${top}, ${bottom}), (${left}, ${right}))`;
const steps = ({ stride }) => (stride === 1 ? "" : `[::${stride}, ::${stride}]`);
const operator = ({ flip }) => (flip ? "convolve" : "correlate");
const wholeFill = ({ boundary, fill }) => boundary !== "constant" || Number.isInteger(fill);

/** How many samples outside the signal the outputs read: top, bottom, left, right. */
export function margins(axes) {
  return axes.flatMap(({ length, span, start, count, stride }) => [
    span - 1 - start,
    Math.max(0, start + (count - 1) * stride + 1 - length),
  ]);
}

/** The call of sigconv. */
export function sigconvCode(settings) {
  const { signal, kernel, mode, boundary, fill, stride, dilation, center } = settings;
  const options = [
    boundary !== "zero" && mode !== "valid" && `boundary="${boundary}"`,
    boundary === "constant" && mode !== "valid" && `fill_value=${python(fill)}`,
    center && `center=(${center.join(", ")})`,
    stride !== 1 && `stride=${stride}`,
    dilation !== 1 && `dilation=${dilation}`,
  ].filter(Boolean);
  return `import numpy as np
import sigconv

x = np.array(${rows(signal)}${wholeFill(settings) ? "" : ", float"})
h = np.array(${rows(kernel)})
y = sigconv.${[`${operator(settings)}(x, h, "${mode}"`, ...options].join(", ")})
`;
}

/** The same with NumPy and SciPy; they have no dilation and no centre, and `scipy.signal` pads with zeros only. */
export function scipyCode(settings, problem) {
  const { signal, kernel, mode, boundary, center, dilation } = settings;
  const own = mode === "valid" || (boundary === "zero" && !center);
  const call = (x) => `signal.${operator(settings)}(${x}, h, "${own ? mode : "valid"}", "direct")${steps(settings)}`;
  return `import numpy as np
from scipy import signal

x = np.array(${rows(signal)}, float)
h = np.array(${rows(kernel)}, float)
${spread(kernel, dilation)}${own ? "" : padded(settings, margins(problem.axes))}y = ${call("x")}
${boundary === "renormalize" && !own ? `y *= h.sum() / ${call("inside")}\n` : ""}`;
}

function spread([first, ...others], dilation) {
  if (dilation === 1) return "";
  const shape = [others.length + 1, first.length].map((taps) => reach(taps, dilation));
  return `spread = np.zeros((${shape.join(", ")}))  # ${dilation - 1} zeros between the taps
spread[::${dilation}, ::${dilation}] = h
h = spread
`;
}

function padded({ boundary, fill }, margin) {
  const mode = {
    zero: `"constant"`,
    constant: `"constant", constant_values=${python(fill)}`,
    renormalize: `"constant"`,
  }[boundary];
  const inside = boundary === "renormalize" ? `inside = np.pad(np.ones(x.shape), ${pairs(margin)})\n` : "";
  return `${inside}x = np.pad(x, ${pairs(margin)}, ${mode ?? `"${boundary}"`})\n`;
}

/** The same with PyTorch, whose conv2d does not flip. */
export function torchCode(settings, problem) {
  const { signal, kernel, flip, boundary, stride, dilation } = settings;
  const options = [stride !== 1 && `, stride=${stride}`, dilation !== 1 && `, dilation=${dilation}`]
    .filter(Boolean)
    .join("");
  const padding = torchPadding(problem, settings.fill);
  const call = (x) => `F.conv2d(${x}, h${options})`;
  const scaled = problem.boundary === "renormalize" ? `y *= h.sum() / ${call("inside")}\n` : "";
  return `${padding.includes("np.") ? "import numpy as np\n" : ""}import torch
import torch.nn.functional as F

x = torch.tensor(${rows(signal)}, dtype=torch.float64)[None, None]
h = torch.tensor(${rows(kernel)}, dtype=torch.float64)[None, None]
${flip ? "# conv2d slides the kernel as it is; convolution flips it\nh = h.flip(2, 3)\n" : ""}${padding}y = ${call("x")}
${scaled}y = y[0, 0]
`;
}

/** torch's padding where it has it; NumPy's for what it has not: `symmetric`, and ghosts from too far away. */
function torchPadding({ boundary, axes }, fill) {
  const margin = margins(axes);
  if (margin.every((width) => width === 0)) return "";
  const [top, bottom, left, right] = margin;
  const pad = (x, mode) => `F.pad(${x}, (${left}, ${right}, ${top}, ${bottom})${mode})`;
  const widest = axes.map((_, i) => Math.max(margin[2 * i], margin[2 * i + 1]));
  const near = (limit) => axes.every(({ length }, i) => widest[i] <= length - limit);
  if (boundary === "zero") return `x = ${pad("x", "")}\n`;
  if (boundary === "renormalize") return `inside = ${pad("torch.ones_like(x)", "")}\nx = ${pad("x", "")}\n`;
  if (boundary === "constant") return `x = ${pad("x", `, value=${python(fill)}`)}\n`;
  if (boundary === "edge") return `x = ${pad("x", `, mode="replicate"`)}\n`;
  if (boundary === "reflect" && near(1)) return `x = ${pad("x", `, mode="reflect"`)}\n`;
  if (boundary === "wrap" && near(0)) return `x = ${pad("x", `, mode="circular"`)}\n`;
  return `x = torch.from_numpy(np.pad(x.numpy(), ((0, 0), (0, 0), (${top}, ${bottom}), (${left}, ${right})), "${boundary}"))\n`;
}

/** A layer of the section on channels, with sigconv: the kernel's slices lie beside each other on one axis. */
export function sigconvLayer(image, weights, bias) {
  return `import numpy as np
import sigconv

image = np.array(${stack(image)})
weights = np.array(${stack(weights)}).reshape(${bias.length}, 3, ${weights[0].length}, ${weights[0][0].length})
bias = np.array(${numbers(bias)})
partial = sigconv.slide(image, weights, "valid", axes=(-2, -1), flip=False)
y = partial.sum(axis=1) + bias[:, None, None]
`;
}

/** The same layer with PyTorch. */
export function torchLayer(image, weights, bias) {
  return `import torch
import torch.nn.functional as F

image = torch.tensor(${stack(image)}, dtype=torch.float64)
weights = torch.tensor(${stack(weights)}, dtype=torch.float64).reshape(${bias.length}, 3, ${weights[0].length}, ${weights[0][0].length})
bias = torch.tensor(${numbers(bias)}, dtype=torch.float64)
y = F.conv2d(image[None], weights, bias)[0]
`;
}
