// Quick questions: the answers are computed by the same arithmetic as everything else on the page.

import { parameterCount, positions, prepare, reach, slide, sourceIndex, total, zeros } from "./arithmetic.js";
import { byId, el, format } from "./dom.js";
import { SOBEL, TEXTBOOK } from "./state.js";

const range = (values) => `${values[0]}-${values.at(-1)}`;
const ones = (rows, columns) => zeros(rows, columns).map((row) => row.map(() => 1));
const lengthOf = (settings) =>
  slide({
    signal: ones(1, settings.length),
    kernel: ones(1, settings.taps),
    flip: true,
    boundary: "zero",
    ...settings,
  })[0].length;

/** Question, answer and why. */
export const QUESTIONS = [
  {
    question:
      "Textbook case (5×5 signal, 3×3 kernel, valid): which rows of the signal does output (1, 1) cover? Write first-last, such as 0-2.",
    answer: () => range(positions(prepare(TEXTBOOK).axes[0], 1)),
    why: "Output 1 of valid begins at sample 1, and a kernel of 3 taps covers 3 samples. The columns are the same.",
  },
  {
    question: "Textbook case: output (0, 0) is 160 without a flip. What is it when the kernel is flipped?",
    answer: () => format(slide({ ...TEXTBOOK, flip: true })[0][0]),
    why: "Sobel-X turned by 180° is Sobel-X with the opposite sign, so only the sign changes. A symmetric kernel would change nothing.",
  },
  {
    question: "How many numbers has valid for a 5×5 signal and a 3×3 kernel?",
    answer: () => format(slide(TEXTBOOK).flat().length),
    why: "n − m + 1 = 3 along each axis: 3 · 3 = 9. full has n + m − 1 = 7 along each axis, same has 5.",
  },
  {
    question: "How many parameters has a layer with 64 inputs, 128 outputs, 3×3 kernels and a bias?",
    answer: () => format(parameterCount(64, 128, 3, 3)),
    why: "Each of the 128 outputs has a 3×3 slice for each of the 64 inputs and one bias: 128 · (64 · 9 + 1). The size of the picture does not matter.",
  },
  {
    question: "28 samples, 5 taps, valid, stride 2: how many outputs?",
    answer: () => format(lengthOf({ length: 28, taps: 5, mode: "valid", stride: 2 })),
    why: "28 − 5 + 1 = 24 positions, of which every second one is kept.",
  },
  {
    question: "3 taps with dilation 2: over how many samples does the kernel reach?",
    answer: () => format(reach(3, 2)),
    why: "d·(m − 1) + 1: two steps of 2, and the first tap. The weights stay 3; between them are holes.",
  },
  {
    question: "Outside the signal a b c d: which letter stands just before a with the boundary reflect?",
    answer: () => "abcd"[sourceIndex("reflect", -1, 4)],
    why: "reflect mirrors at the middle of the first sample and does not repeat it: d c b | a b c d. symmetric mirrors at its edge: … b a | a b c d.",
  },
  {
    question: "What does Sobel-X return on a picture that is 100 everywhere, away from its edges?",
    answer: () => format(100 * total(SOBEL)),
    why: "A constant picture is multiplied by the sum of the weights, and Sobel's weights add up to 0.",
  },
  {
    question: "8 samples, 3 taps: how long must the transform be, so that nothing wraps around in the full result?",
    answer: () => format(lengthOf({ length: 8, taps: 3, mode: "full" })),
    why: "The full result has n + m − 1 samples. A shorter transform adds its end to its beginning.",
  },
  {
    question:
      "Centre of a kernel of 4 taps, same, convolution as in SciPy: which tap (counted from 0) lies on output i?",
    answer: () =>
      format(
        prepare({ signal: ones(1, 9), kernel: ones(1, 4), mode: "same", flip: true, boundary: "zero" }).axes[1].start,
      ),
    why: "(m − 1)//2. scipy.ndimage takes m//2 instead, and its result is shifted by one sample.",
  },
];

const plain = (text) =>
  text
    .toLowerCase()
    .replaceAll(/[−–]/g, "-")
    .replaceAll(/[\s.,'’]/g, "");

/** Build the section. */
export function buildQuestions() {
  byId("question-list").replaceChildren(...QUESTIONS.map((entry, i) => el("li", {}, form(entry, i))));
}

function form({ question, answer, why }, i) {
  const id = `answer-${i}`;
  const input = el("input", { id, type: "text", autocomplete: "off" });
  const reply = el("p", { class: "reply", role: "status" });
  const check = (event) => {
    event.preventDefault();
    const right = plain(input.value) === plain(answer());
    reply.className = `reply ${right ? "good" : "bad"}`;
    reply.textContent = right ? `Yes. ${why}` : "Not quite: try again, or look at the answer.";
  };
  const reveal = () => {
    reply.className = "reply";
    reply.textContent = `${answer()}. ${why}`;
  };
  const buttons = [
    el("button", { type: "submit" }, "Check"),
    el("button", { type: "button", class: "quiet", click: reveal }, "Show the answer"),
  ];
  return el(
    "form",
    { submit: check },
    el("label", { for: id }, question),
    el("div", { class: "row" }, input, ...buttons),
    reply,
  );
}
