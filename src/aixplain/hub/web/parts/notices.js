/** What the page has to say: that something is loading, that it went wrong, or that there is nothing. */

import { h } from "../dom.js";

export function loadingNotice() {
  return h("div", { class: "notice loading", role: "status" }, h("p", {}, "Loading…"));
}

export function problemNotice(error, again = null, words = "Try again") {
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    h("p", {}, error.message),
    again && h("button", { type: "button", onclick: again }, words),
  );
}

export function emptyNotice(title, ...words) {
  return h("div", { class: "notice empty" }, h("p", { class: "strong" }, title), words.length > 0 && h("p", {}, ...words));
}
