// The code for what is on the screen, and the table of the other libraries.

import { combine, prepare } from "./arithmetic.js";
import { scipyCode, sigconvCode, torchCode } from "./code.js";
import { byId, copyButton, el, format } from "./dom.js";
import { otherLibraries } from "./libraries.js";
import { settingsOf } from "./settings.js";

const WRITERS = [
  ["sigconv", sigconvCode],
  ["NumPy and SciPy", scipyCode],
  ["PyTorch", torchCode],
];

/** Build the section; `result()` is what the calculator shows. */
export function buildCode(store, result) {
  const blocks = WRITERS.map(([title, write]) => {
    const code = el("code", { id: `code-${title.split(" ")[0]}` });
    const head = el(
      "div",
      { class: "head" },
      el("h3", {}, title),
      copyButton("copy", () => code.textContent),
    );
    return [el("div", { class: "code" }, head, el("pre", { tabindex: 0 }, code)), code, write];
  });
  byId("codes").replaceChildren(...blocks.map(([block]) => block));
  store.on(["signal", "kernel", "flip", "mode", "boundary", "fill", "stride", "dilation", "center"], (state) => {
    const settings = settingsOf(state);
    const refused = result().error;
    for (const [, code, write] of blocks)
      code.textContent = refused ? `# ${refused.message}` : write(settings, prepare(settings));
    byId("libraries").replaceChildren(
      ...(refused ? [] : otherLibraries(settings).map((entry) => row(entry, result()[state.flip].output))),
    );
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
