/** A question that must be answered before anything else. */

import { h, newId } from "../dom.js";

/** Whether the answer was `yes`; Escape is no. */
export function confirmed(title, words, yes) {
  const id = newId("question");
  const dialog = h(
    "dialog",
    { "aria-labelledby": id },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id }, title),
      h("p", {}, words),
      h(
        "div",
        { class: "actions" },
        h("button", { value: "yes", class: "danger" }, yes),
        h("button", { value: "" }, "Keep it"),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
