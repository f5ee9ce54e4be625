/** Tabs: one of several views of the same thing, walked through by the arrow keys. */

import { h, newId } from "../dom.js";

/** `choose(name)` is called when a tab is chosen; `panel` is what they are tabs of. */
export function tabs(label, names, panel, choose) {
  panel.id ||= newId("panel");
  panel.setAttribute("role", "tabpanel");
  const buttons = names.map((name) =>
    h(
      "button",
      { type: "button", role: "tab", id: newId("tab"), "aria-controls": panel.id, onclick: () => select(name) },
      name,
    ),
  );
  const element = h("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: walked }, buttons);

  function select(name) {
    buttons.forEach((button, index) => {
      const isChosen = names[index] === name;
      button.setAttribute("aria-selected", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
      if (isChosen) panel.setAttribute("aria-labelledby", button.id);
    });
    choose(name);
  }

  function walked(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (buttons.indexOf(document.activeElement) + step + names.length) % names.length;
    buttons[next].focus();
    select(names[next]);
  }

  return { element, select };
}
