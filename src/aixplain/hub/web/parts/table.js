/** A table in a frame that scrolls when it is narrow. */

import { h } from "../dom.js";

/** `columns` are names, or `{name, isFigure}`; one without a name holds buttons. */
export function table(label, columns, rows, { kind = null } = {}) {
  const head = h("thead", {}, h("tr", {}, columns.map(heading)));
  const frame = { class: "scroll", tabindex: "0", role: "group", "aria-label": label };
  return h("div", frame, h("table", { class: kind }, head, h("tbody", {}, rows)));
}

/** Columns of figures, which stand on the right. */
export function figures(...names) {
  return names.map((name) => ({ name, isFigure: true }));
}

function heading(column) {
  const { name, isFigure } = typeof column === "string" ? { name: column, isFigure: false } : column;
  return name ? h("th", { scope: "col", class: isFigure && "figure" }, name) : h("td");
}
