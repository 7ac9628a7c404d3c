// The kernel gallery: every kernel on a photograph, with its sum and its frequency response.

import { response, slide, total } from "./arithmetic.js";
import { byId, el, format, whenSeen } from "./dom.js";
import { matrixTable } from "./grid.js";
import { greyPicture, matrixPicture } from "./picture.js";
import { LIMITS } from "./state.js";

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
  const { name, title, formula, description, use, taps, separable } = entry;
  const output = slide({ signal: input, kernel: taps, mode: "same", flip: true, boundary: "edge" });
  const spectrum = response(taps, POINTS);
  const highest = Math.max(...spectrum.flat());
  const [low, high, shades] = shadesOf(taps, output);
  return [
    el("h3", {}, title),
    matrixPicture(output, low, high, `the picture after ${title}`, "photo"),
    el("p", { class: "formula" }, formula),
    el("p", {}, description),
    el("p", {}, el("b", {}, "Used for: "), use),
    el("dl", { class: "facts" }, ...facts(taps, separable, shades, highest)),
    el("div", { class: "pair" }, responseOf(spectrum, highest, title), tapsOf(taps)),
    ...useButton(store, name, taps),
  ].filter(Boolean);
}

function responseOf(spectrum, highest, title) {
  const picture = matrixPicture(spectrum, 0, highest, `magnitude of the frequency response of ${title}`);
  return el("figure", {}, picture, el("figcaption", {}, "frequency response |H|, frequency 0 in the middle"));
}

/** The taps, where they are few and short. */
const tapsOf = (taps) =>
  taps.length <= 5 && taps.flat().every((tap) => format(tap).length <= 4) ? matrixTable(taps, "taps") : "";

/** A kernel that keeps brightness is shown from 0 to 255; one that gives differences around middle grey. */
function shadesOf(taps, output) {
  if (total(taps) > 0.5) return [0, 255, "black is 0, white 255"];
  const values = output
    .flat()
    .map(Math.abs)
    .sort((a, b) => a - b);
  const range = values[Math.floor(0.995 * (values.length - 1))] || 1;
  return [-range, range, `grey is 0, white ${format(range)}, black ${format(-range)}`];
}

const facts = (taps, separable, shades, highest) =>
  [
    ["sum of the weights", format(total(taps))],
    ["size", `${taps.length} × ${taps[0].length}, ${separable ? "separable" : "not separable"}`],
    ["largest |H|", format(highest)],
    ["shown", shades],
  ].flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]);

function useButton(store, name, taps) {
  if (Math.max(taps.length, taps[0].length) > LIMITS.kernel) return [];
  const use = () => {
    store.set({ kernel: taps, center: null, flip: true });
    byId("calculator").scrollIntoView();
    byId("kernel-preset").focus({ preventScroll: true });
  };
  return [el("button", { type: "button", class: "quiet", click: use }, "Use in the calculator")];
}
