/** One click, and it is in the clipboard. */

import { h, say } from "../dom.js";

/** `text()` gives what is copied when the button is pressed. */
export function copyButton(text, words = "Copy") {
  const button = h("button", { type: "button", class: "copy", onclick: pressed }, words);
  async function pressed() {
    const isCopied = await copy(text());
    button.textContent = isCopied ? "Copied" : "Not copied: select it by hand";
    say(button.textContent);
    setTimeout(() => (button.textContent = words), 1500);
  }
  return button;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOldWay(text); // over plain http there is no clipboard but this
  }
}

function copyOldWay(text) {
  const area = h("textarea", { value: text, class: "unseen", "aria-hidden": "true" });
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return isCopied;
}
