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
  const about = { "aria-labelledby": `${id}-label`, "aria-describedby": described["aria-describedby"] };
  const element = h("div", { class: "boxes", role: "group", ...about }, labels);
  const chosen = () => options.filter((_, index) => ticks[index].checked);
  return {
    element,
    read: () => orUnset(chosen().map(({ value }) => value)),
    state: () => orUnset(chosen().map(({ label }) => label)),
    restore: (state = []) => ticks.forEach((tick, index) => (tick.checked = state.includes(options[index].label))),
  };
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

  function restore(states = []) {
    for (const row of rows.slice(Math.max(states.length, 1))) {
      row.element.remove();
      rows.pop();
    }
    while (rows.length < states.length) append();
    rows.forEach(({ control }, index) => control.restore(states[index]));
  }

  append();
  const all = (of) => orUnset(rows.map(({ control }) => of(control)).filter((value) => value !== undefined));
  return { element, read: () => all((control) => control.read()), state: () => all((control) => control.state()), restore };
}

function orUnset(values) {
  return values.length ? values : undefined;
}
