// Pictures: from files to grey matrices, and from matrices to canvases.

import { el } from "./dom.js";

const LONGEST = 256;

/** Decode a picture (an address or a file) to grey values 0 … 255, at most 256 pixels long. */
export async function greyPicture(source) {
  const image = new Image();
  image.src = typeof source === "string" ? source : URL.createObjectURL(source);
  await image.decode();
  const scale = Math.min(1, LONGEST / Math.max(image.naturalWidth, image.naturalHeight));
  const [width, height] = [image.naturalWidth, image.naturalHeight].map((size) =>
    Math.max(1, Math.round(size * scale)),
  );
  const context = el("canvas", { width, height }).getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  if (typeof source !== "string") URL.revokeObjectURL(image.src);
  const { data } = context.getImageData(0, 0, width, height);
  return Array.from({ length: height }, (_, i) =>
    Array.from({ length: width }, (_, j) => luma(data, 4 * (i * width + j))),
  );
}

/** Rec. 601 luma, as Pillow's mode "L". */
const luma = (data, i) => Math.round(0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]);

/** Draw a matrix into a canvas, its values from `low` (black) to `high` (white). */
export function drawMatrix(canvas, matrix, low, high) {
  canvas.height = matrix.length;
  canvas.width = matrix[0].length;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  const range = high - low || 1;
  matrix.flat().forEach((value, i) => {
    const shade = (255 * (value - low)) / range;
    pixels.data.set([shade, shade, shade, 255], 4 * i);
  });
  context.putImageData(pixels, 0, 0);
}

/** A canvas that shows a matrix, with its description for those who can't see it. */
export function matrixPicture(matrix, low, high, label, kind = "pixels") {
  const canvas = el("canvas", { role: "img", "aria-label": label, class: kind });
  drawMatrix(canvas, matrix, low, high);
  return canvas;
}
