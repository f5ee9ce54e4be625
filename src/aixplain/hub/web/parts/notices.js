/** What the page has to say: that something went wrong, or that there is nothing. */

import { h } from "../dom.js";

export function problemNotice(error, again = null) {
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    h("p", {}, error.message),
    again && h("button", { type: "button", onclick: again }, "Try again"),
  );
}

export function emptyNotice(title, ...words) {
  return h("div", { class: "notice empty" }, h("p", { class: "strong" }, title), h("p", {}, ...words));
}
