/** Where one is in a long list, and the way to the pages beside. */

import { h } from "../dom.js";
import { count } from "../format.js";

/** `address(number)` is the address of a page, the first being 0. */
export function pager({ total, pageNumber, pageTotal, results }, size, address) {
  if (pageTotal < 2) return null;
  const first = pageNumber * size + 1;
  return h(
    "nav",
    { class: "pager", "aria-label": "Pages" },
    step("‹ Back", pageNumber > 0 && address(pageNumber - 1), "prev"),
    h("span", {}, `${count(first)}–${count(first + results.length - 1)} of ${count(total)}`),
    step("Next ›", pageNumber + 1 < pageTotal && address(pageNumber + 1), "next"),
  );
}

function step(words, href, rel) {
  return href ? h("a", { class: "button", href, rel }, words) : h("span");
}
