/** An address that the page doesn't have. */

import { h } from "../dom.js";

export function show() {
  const content = h(
    "div",
    { class: "column" },
    h("h1", {}, "There is no such page"),
    h(
      "p",
      {},
      "The address may be misspelt. ",
      h("a", { href: "#/" }, "All models"),
      " and ",
      h("a", { href: "#/runs" }, "your runs"),
      " are here.",
    ),
  );
  return { title: "No such page", content };
}
