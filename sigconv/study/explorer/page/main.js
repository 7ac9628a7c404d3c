// The page: read the link, build the sections, keep the link up to date.

import { slide } from "./arithmetic.js";
import { buildCalculator } from "./calculator.js";
import { buildChannels } from "./channels.js";
import { buildChannelCode, buildCode } from "./codeview.js";
import { byId, copyButton } from "./dom.js";
import { buildGallery } from "./gallery.js";
import { greyPicture } from "./picture.js";
import { buildQuestions } from "./questions.js";
import { otherLibraries } from "./libraries.js";
import { connectSettings } from "./settings.js";
import { DEFAULTS, Store, TEXTBOOK, decode, encode } from "./state.js";
import { buildTheorem } from "./theorem.js";

const LINK_DELAY = 300; // milliseconds; browsers refuse to change the address hundreds of times a minute

/** The state in the page's address; a link that can't be read is said, and the page starts at the beginning. */
function linked() {
  byId("link-refusal").textContent = "";
  try {
    return location.hash.includes("=") ? decode(location.hash.slice(1)) : DEFAULTS;
  } catch (error) {
    byId("link-refusal").textContent =
      `This link does not work: ${error.message}. The page shows the textbook case instead.`;
    return DEFAULTS;
  }
}

/** Keep the address up to date. In a frame of a notebook there is no address to keep. */
function connectLink(store) {
  if (location.protocol === "about:") return;
  const address = () => `${location.href.split("#")[0]}#${encode(store.state)}`;
  let timer = null;
  const write = () => {
    timer = null;
    history.replaceState(null, "", address());
  };
  store.on(Object.keys(DEFAULTS), () => (timer ??= setTimeout(write, LINK_DELAY)));
  window.addEventListener("hashchange", () => location.hash.includes("=") && store.set(linked()));
  byId("link").replaceChildren(copyButton("Copy a link to this state", address));
}

/** The links to sections scroll there, also in a frame, and leave the address alone. */
function connectNavigation() {
  for (const anchor of document.querySelectorAll("nav a, .skip")) {
    anchor.addEventListener("click", (event) => {
      event.preventDefault();
      const section = document.querySelector(anchor.getAttribute("href"));
      section.scrollIntoView();
      section.focus({ preventScroll: true });
    });
  }
}

const data = JSON.parse(byId("data").textContent);
const photo = await greyPicture(data.photo);
const store = new Store(linked());
connectSettings(store, data.gallery, photo);
const result = buildCalculator(store);
buildCode(store, result);
buildGallery(store, data.gallery, photo);
buildChannels(store);
buildChannelCode(store);
buildTheorem(store);
buildQuestions();
connectLink(store);
connectNavigation();
byId("textbook").addEventListener("click", () => store.set(TEXTBOOK));
globalThis.explorer = { store, slide, otherLibraries }; // for the browser's console
document.documentElement.dataset.ready = "true";
