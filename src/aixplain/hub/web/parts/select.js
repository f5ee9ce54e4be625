/** A choice among a few words: `{value: words}`. */

import { h } from "../dom.js";

export function select(label, options, onchange) {
  const choices = Object.entries(options).map(([value, words]) => h("option", { value }, words));
  return h("select", { "aria-label": label, onchange }, choices);
}
