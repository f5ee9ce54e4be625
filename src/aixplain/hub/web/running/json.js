/** JSON, indented, its values told apart by colour. */

import { h } from "../dom.js";

const TOKENS = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
const LARGEST = 200_000; // letters that are coloured

export function jsonView(value) {
  const text = JSON.stringify(value, null, 2);
  return h(
    "pre",
    { class: "json", tabindex: "0", role: "group", "aria-label": "JSON" },
    text.length > LARGEST ? text : coloured(text),
  );
}

function coloured(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [whole, quoted, colon, word, number] = match;
    parts.push(text.slice(last, match.index));
    if (quoted) parts.push(h("span", { class: colon ? "name" : "string" }, quoted), colon ?? "");
    else parts.push(h("span", { class: "value" }, word ?? number));
    last = match.index + whole.length;
  }
  return [...parts, text.slice(last)].filter(Boolean);
}
