// Step by step through all outputs, by hand or by itself.

import { byId } from "./dom.js";

/** Connect the buttons; `output()` is the present result or null, `chosen` brings a position into its range. */
export function connectPlayer(store, output, chosen) {
  let timer = null;

  const position = (matrix) => {
    const [row, column] = chosen(store.state, matrix);
    return row * matrix[0].length + column;
  };
  const go = (index, matrix) => store.set({ at: [Math.floor(index / matrix[0].length), index % matrix[0].length] });
  const last = (matrix) => matrix.length * matrix[0].length - 1;

  /** Move by a number of outputs; false at either end. */
  function step(by) {
    const matrix = output();
    if (!matrix) return false;
    const index = position(matrix) + by;
    if (index < 0 || index > last(matrix)) return false;
    go(index, matrix);
    return true;
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    byId("play").textContent = "▶ play";
  }

  function play() {
    const matrix = output();
    if (!matrix) return;
    if (position(matrix) === last(matrix)) go(0, matrix);
    timer = setInterval(() => step(1) || pause(), 1000 / byId("speed").value);
    byId("play").textContent = "❚❚ pause";
  }

  byId("play").addEventListener("click", () => (timer ? pause() : play()));
  byId("speed").addEventListener("input", () => timer && (pause(), play()));
  byId("first").addEventListener("click", () => output() && go(0, output()));
  byId("back").addEventListener("click", () => (pause(), step(-1)));
  byId("forward").addEventListener("click", () => (pause(), step(1)));
}
