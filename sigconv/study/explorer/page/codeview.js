// The code for what is on the screen, and the table of the other libraries.

import { combine, prepare } from "./arithmetic.js";
import { scipyCode, sigconvCode, sigconvLayer, torchCode, torchLayer } from "./code.js";
import { byId, copyButton, el, format } from "./dom.js";
import { otherLibraries } from "./libraries.js";
import { settingsOf } from "./settings.js";

const WRITERS = [
  ["sigconv", sigconvCode],
  ["NumPy and SciPy", scipyCode],
  ["PyTorch", torchCode],
];

/** A block of code with a button to copy it: the block, and the function that writes code into it. */
function codeBlock(title, id) {
  const code = el("code", { id });
  const copy = copyButton("copy", () => code.textContent);
  const head = el("div", { class: "head" }, el("h3", {}, title), copy);
  return [el("div", { class: "code" }, head, el("pre", { tabindex: 0 }, code)), (text) => (code.textContent = text)];
}

/** Build the section; `result()` is what the calculator shows. */
export function buildCode(store, result) {
  const blocks = WRITERS.map(([title]) => codeBlock(title, `code-${title.split(" ")[0]}`));
  byId("codes").replaceChildren(...blocks.map(([block]) => block));
  store.on(["signal", "kernel", "flip", "mode", "boundary", "fill", "stride", "dilation", "center"], (state) => {
    const settings = settingsOf(state);
    const { error } = result();
    WRITERS.forEach(([, write], i) => blocks[i][1](error ? `# ${error.message}` : write(settings, prepare(settings))));
    const entries = error ? [] : otherLibraries(settings);
    byId("libraries").replaceChildren(...entries.map((entry) => row(entry, result()[state.flip].output)));
  });
}

/** The code of the section on channels. */
export function buildChannelCode(store) {
  const blocks = [codeBlock("sigconv", "channels-sigconv"), codeBlock("PyTorch", "channels-PyTorch")];
  byId("channel-codes").replaceChildren(...blocks.map(([block]) => block));
  store.on(["image", "weights", "bias"], ({ image, weights, bias }) => {
    blocks[0][1](sigconvLayer(image, weights, bias));
    blocks[1][1](torchLayer(image, weights, bias));
  });
}

function row({ name, word, call, reason, boundary, center, result }, shown) {
  if (reason)
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      el("td", {}, word),
      el("td", { colspan: 4, class: "muted" }, `not in one call: ${reason}`),
    );
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, name),
    el("td", {}, word),
    el("td", {}, boundary),
    el("td", {}, center ? `(${center.join(", ")})` : "–"),
    el("td", {}, el("code", {}, call)),
    comparison(result, shown),
  );
}

function comparison(result, shown) {
  const equal =
    result.length === shown.length &&
    combine(result, shown, (a, b) => a === b || Number.isNaN(a))
      .flat()
      .every(Boolean);
  return el(
    "td",
    { class: equal ? "good" : "bad" },
    equal ? "the same numbers" : `other numbers: [0, 0] = ${format(result[0][0])}`,
  );
}
