/** Light, dark, or as the system has it. */

import { say } from "./dom.js";

const NAME = "aixplain-hub-theme";
const WORDS = { "": "as the system", light: "light", dark: "dark" };

export function startTheme(button) {
  put(button, localStorage.getItem(NAME) ?? "");
  button.addEventListener("click", () => {
    const names = Object.keys(WORDS);
    const next = names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length];
    localStorage.setItem(NAME, next);
    put(button, next);
    say(`Colours: ${WORDS[next]}`);
  });
}

function put(button, theme) {
  if (theme in WORDS && theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  button.setAttribute("aria-label", `Colours: ${WORDS[theme] ?? WORDS[""]}`);
  button.title = button.getAttribute("aria-label");
}
