// The kernel gallery: every kernel on a photograph, with its sum and its frequency response.

import { response, slide } from "./arithmetic.js";
import { byId, el, format, whenSeen } from "./dom.js";
import { matrixTable } from "./grid.js";
import { greyPicture, matrixPicture } from "./picture.js";

const POINTS = 33;

/** Build the gallery; `photo` is the grey photograph. */
export function buildGallery(store, gallery, photo) {
  let input = photo;
  const place = byId("cards");
  const redraw = () => showAll(store, gallery, input, place);
  byId("gallery-kernel").append(...gallery.map(({ name, title }) => el("option", { value: name }, title)));
  byId("gallery-kernel").addEventListener("change", redraw);
  byId("own-picture").addEventListener("change", async ({ target }) => {
    input = await chosenPicture(target.files[0], input);
    redraw();
  });
  byId("photograph").addEventListener("click", () => {
    input = photo;
    byId("own-picture").value = "";
    byId("picture-refusal").textContent = "";
    redraw();
  });
  whenSeen(place, redraw);
}

/** The picture of a file; for what is no picture it says so and keeps the one before. */
async function chosenPicture(file, before) {
  byId("picture-refusal").textContent = "";
  if (!file) return before;
  try {
    return await greyPicture(file);
  } catch {
    byId("picture-refusal").textContent =
      `${file.name} is not a picture that this browser can read: choose a PNG, JPEG or WebP file.`;
    return before;
  }
}

/** Show the chosen kernels one after the other, so that the page stays responsive. */
function showAll(store, gallery, input, place) {
  const wanted = byId("gallery-kernel").value;
  const entries = gallery.filter(({ name }) => wanted === "" || name === wanted);
  const original = el(
    "article",
    { class: "card" },
    el("h3", {}, "The picture"),
    matrixPicture(input, 0, 255, "the picture before any kernel", "photo"),
  );
  place.replaceChildren(original, ...entries.map(() => el("article", { class: "card", "aria-busy": "true" })));
  const cards = [...place.children].slice(1);
  const next = (i) => {
    if (i === entries.length || !cards[i].isConnected) return;
    cards[i].append(...cardOf(store, entries[i], input));
    cards[i].removeAttribute("aria-busy");
    setTimeout(() => next(i + 1));
  };
  next(0);
}

function cardOf(store, entry, input) {
  const { name, title, formula, description, use, taps, small } = entry;
  const output = slide({ signal: input, kernel: taps, mode: "same", flip: true, boundary: "edge" });
  const spectrum = response(taps, POINTS);
  const highest = Math.max(...spectrum.flat());
  const [low, high, shades] = shadesOf(entry, output);
  return [
    el("h3", {}, title),
    matrixPicture(output, low, high, `the picture after ${title}`, "photo"),
    el("p", {}, description),
    el("dl", { class: "facts" }, ...factsOf(entry, shades, highest)),
    el("div", { class: "pair" }, responseOf(spectrum, highest, title), tapsOf(taps)),
    el(
      "details",
      {},
      el("summary", {}, "Formula and use"),
      el("p", {}, el("code", {}, name), `: ${formula}`),
      el("p", {}, use),
    ),
    useButton(store, small, name),
  ];
}

function responseOf(spectrum, highest, title) {
  const picture = matrixPicture(spectrum, 0, highest, `magnitude of the frequency response of ${title}`);
  return el("figure", {}, picture, el("figcaption", {}, "|H|, 0 in the middle"));
}

/** The taps, where they are few and short. */
const tapsOf = (taps) =>
  taps[0].length <= 5 && taps.flat().every((tap) => format(tap).length <= 4) ? matrixTable(taps, "taps") : "";

/** Where the weights add up to 0, grey is 0 and the largest hundredth black and white; else as the picture. */
function shadesOf(entry, output) {
  if (entry.sum !== 0) return [0, 255, "black is 0, white 255"];
  const values = output.flat().map(Math.abs);
  values.sort((a, b) => a - b);
  const range = values[Math.floor(0.99 * (values.length - 1))] || 1;
  return [-range, range, `grey is 0, white ${format(range)}, black ${format(-range)}`];
}

const FLIPS = {
  even: "changes nothing",
  odd: "changes the sign",
  none: "gives another kernel",
};

const factsOf = ({ sum, taps, separable, symmetry }, shades, highest) =>
  [
    ["sum", format(sum)],
    ["size", `${taps.length} × ${taps[0].length}, ${separable ? "separable" : "not separable"}`],
    ["a flip", FLIPS[symmetry]],
    ["largest |H|", format(highest)],
    ["shades", shades],
  ].flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]);

/** A button for the kernel, or the smaller one of its kind that the calculator has room for. */
function useButton(store, small, name) {
  const use = () => {
    store.set({ kernel: small.taps, center: null, flip: true });
    byId("calculator").scrollIntoView();
    byId("kernel-preset").focus({ preventScroll: true });
  };
  const label = small.name === name ? "Use in the calculator" : `Use ${small.name} in the calculator`;
  return el("button", { type: "button", class: "quiet", click: use }, label);
}
