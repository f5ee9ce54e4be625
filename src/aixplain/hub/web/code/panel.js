/** The code for what the form holds, in one language at a time. The language that was chosen last is remembered. */

import { h } from "../dom.js";
import { copyButton } from "../parts/copy.js";
import { tabs } from "../parts/tabs.js";
import { LANGUAGES } from "./languages.js";

const NAME = "aixplain-hub-language";

export function codePanel(title) {
  let held = null;
  let chosen = localStorage.getItem(NAME);
  if (!(chosen in LANGUAGES)) chosen = "Python";
  const code = h("code", {});
  const panel = h("pre", { class: "code", tabindex: "0" }, code);
  const bar = tabs("Language of the code", Object.keys(LANGUAGES), panel, (name) => {
    chosen = name;
    localStorage.setItem(NAME, name);
    draw();
  });

  function draw() {
    if (held) code.textContent = LANGUAGES[chosen](held);
  }

  function show(next) {
    held = next;
    draw();
  }

  bar.select(chosen);
  const head = h(
    "div",
    { class: "bar" },
    h("h2", {}, title),
    copyButton(() => code.textContent),
  );
  return { element: h("section", { class: "code-panel", "aria-label": title }, head, bar.element, panel), show };
}
