/** The state of a run, as a word with a colour. */

import { h } from "../dom.js";

const KINDS = { finished: "good", failed: "bad", expired: "bad", canceled: "off", accepted: "waiting", started: "running" };

export function stateTag(state) {
  return h("span", { class: "state-tag", "data-kind": KINDS[state] ?? "off" }, state);
}
