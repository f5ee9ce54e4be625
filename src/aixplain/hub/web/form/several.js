/** Several values of one parameter: boxes to tick where the values are known, else as many controls as one likes. */

import { h, newId } from "../dom.js";
import { controlFor } from "./controls.js";
import { optionsOf } from "./kinds.js";

export function severalFor(parameter, attributes) {
  return optionsOf(parameter).length ? boxes(parameter, attributes) : listed(parameter, attributes);
}

function boxes(parameter, { id, ...described }) {
  const options = optionsOf(parameter);
  const ticks = options.map(() => h("input", { type: "checkbox" }));
  const labels = options.map(({ label }, index) => h("label", { class: "check" }, ticks[index], label));
  const element = h(
    "div",
    { class: "boxes", role: "group", "aria-labelledby": `${id}-label`, "aria-describedby": described["aria-describedby"] },
    labels,
  );
  ticks[0].id = id;
  return { element, read: () => orUnset(options.filter((_, index) => ticks[index].checked).map(({ value }) => value)) };
}

function listed(parameter, attributes) {
  let rows = [];
  const list = h("ul", { class: "several" });
  const add = h("button", { type: "button", class: "plain", onclick: () => append().focus() }, "Add another");
  const element = h("div", {}, list, add);

  function append() {
    const id = rows.length ? newId(attributes.id) : attributes.id;
    const label = rows.length ? { "aria-label": `${parameter.name}, another value` } : {};
    const control = controlFor(parameter, { ...attributes, ...label, id });
    const remove = h(
      "button",
      { type: "button", class: "plain icon", "aria-label": `Remove this value of ${parameter.name}`, onclick: () => drop(row) },
      "×",
    );
    const row = { control, element: h("li", {}, control.element, rows.length > 0 && remove) };
    rows.push(row);
    list.append(row.element);
    return row.element.querySelector("input, textarea, select");
  }

  function drop(row) {
    rows = rows.filter((each) => each !== row);
    row.element.remove();
    add.focus();
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }

  append();
  return { element, read: () => orUnset(rows.map(({ control }) => control.read()).filter((value) => value !== undefined)) };
}

function orUnset(values) {
  return values.length ? values : undefined;
}
