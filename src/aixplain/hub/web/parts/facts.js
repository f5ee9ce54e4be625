/** Names with what is known of each; what is not known is left out. */

import { h } from "../dom.js";

export function factList(kind, facts) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "");
  if (!known.length) return null;
  return h(
    "dl",
    { class: kind },
    known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}
