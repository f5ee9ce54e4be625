/** What one value is written into. A control's `read()` gives it, undefined when it is unset, or throws `Invalid`.
 *  `state()` is what was written, undefined when nothing was; `restore(state)` writes it again, undefined clears. */

import { h } from "../dom.js";
import { Invalid, defaultOf, kindOf, optionsOf, told } from "./kinds.js";

/** The control for one value of a parameter; `attributes` are for the element that is written into. */
export function controlFor(parameter, attributes) {
  if (optionsOf(parameter).length) return choice(parameter, attributes);
  return (CONTROLS[kindOf(parameter)] ?? text)(parameter, attributes);
}

/** What stands in an empty field: the value that the model takes then. */
function placeholderOf(parameter) {
  const standing = defaultOf(parameter);
  return standing === undefined || standing?.length === 0 ? null : told(standing);
}

const CONTROLS = { number, json: structured, array: structured };

function text(parameter, attributes) {
  const input = h("textarea", {
    rows: 1,
    class: attributes.large && "large",
    placeholder: placeholderOf(parameter),
    ...attributes,
    large: null,
  });
  return { element: input, read: () => input.value || undefined, ...written(input) };
}

/** The state of an element that text is written into. */
function written(input) {
  return {
    state: () => input.value || undefined,
    restore: (state = "") => {
      input.value = state;
      input.dispatchEvent(new Event("input")); // a slider follows
    },
  };
}

function number(parameter, attributes) {
  const { minimum, maximum } = parameter;
  const standing = defaultOf(parameter);
  const isRange = Number.isFinite(minimum) && Number.isFinite(maximum);
  const input = h("input", {
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    placeholder: standing ?? (isRange ? "not set" : null),
    ...attributes,
    large: null,
  });
  const element = isRange
    ? h("div", { class: "ranged" }, slider(input, minimum, maximum, standing, parameter.name), input)
    : input;
  return { element, read: () => asNumber(input.value.trim(), minimum ?? null, maximum ?? null), ...written(input) };
}

function slider(input, min, max, standing, name) {
  const step = max - min <= 2 ? 0.05 : Number.isInteger(min) && Number.isInteger(max) ? 1 : "any";
  const range = h("input", { type: "range", min, max, step, "aria-label": name });
  const resting = standing ?? (min + max) / 2;
  range.value = resting;
  range.addEventListener("input", () => (input.value = range.value));
  input.addEventListener("input", () => (range.value = input.value.trim() || resting));
  return range;
}

function asNumber(written, minimum, maximum) {
  if (!written) return undefined;
  const value = Number(written);
  if (!Number.isFinite(value)) throw new Invalid(`“${written}” is no number.`);
  if (minimum !== null && value < minimum) throw new Invalid(`At least ${minimum}.`);
  if (maximum !== null && value > maximum) throw new Invalid(`At most ${maximum}.`);
  return value;
}

function structured(parameter, attributes) {
  const isArray = kindOf(parameter) === "array";
  const example = isArray ? "[1, 2, 3]" : '{"key": "value"}';
  const standing = defaultOf(parameter);
  const input = h("textarea", {
    rows: 2,
    class: "code",
    spellcheck: "false",
    placeholder: standing === undefined ? example : told(standing),
    ...attributes,
    large: null,
  });
  return { element: input, read: () => asJson(input.value.trim(), isArray, example), ...written(input) };
}

function asJson(written, isArray, example) {
  if (!written) return undefined;
  let value;
  try {
    value = JSON.parse(written);
  } catch (error) {
    throw new Invalid(`This is no JSON, such as ${example}: ${error.message}.`);
  }
  if (isArray && !Array.isArray(value)) throw new Invalid(`This takes a list, such as ${example}.`);
  return value;
}

function choice(parameter, attributes) {
  const options = optionsOf(parameter);
  const standing = defaultOf(parameter);
  const none =
    parameter.required && standing === undefined
      ? "Choose…"
      : standing === undefined
        ? "not set"
        : `default (${told(standing)})`;
  const select = h(
    "select",
    { ...attributes, large: null },
    h("option", { value: "" }, none),
    options.map(({ label }, index) => h("option", { value: index }, label)),
  );
  const chosen = () => options[select.value === "" ? -1 : select.value];
  const restore = (state) => (select.value = state === undefined ? "" : options.findIndex(({ label }) => label === state));
  return { element: select, read: () => chosen()?.value, state: () => chosen()?.label, restore };
}
