/** The form of a model, made from its parameters. */

import { h, newId } from "../dom.js";
import { controlFor } from "./controls.js";
import { filesFor } from "./files.js";
import { FILES, Invalid, defaultOf, kindOf, mainOf, optionsOf, told } from "./kinds.js";
import { byField } from "./problems.js";
import { severalFor } from "./several.js";

/** With more inputs than these, only the first ones and those that are required are unfolded. */
const MANY = 8;
const FIRST = 3;

/** `element` to show, `read()` for the inputs, `showProblem(message)` for what the hub says of them; `state()` is what was
 *  written into it, and `restore(state)` writes it again. */
export function formFor(parameters) {
  const main = mainOf(parameters);
  const fields = parameters.map((parameter) => fieldFor(parameter, parameter === main));
  const spare = fields.length > MANY ? fields.filter((field, index) => !field.isNeeded && index >= FIRST) : [];
  const element = h(
    "div",
    { class: "fields" },
    fields.filter((field) => !spare.includes(field)).map((field) => field.element),
    spare.length > 0 && foldedFields(spare),
  );
  if (!fields.length) element.append(h("p", { class: "soft" }, "This model takes no inputs."));

  /** The inputs that are set. With `strict`, what is wrong is shown and gives null; else it is left out. */
  function read({ strict }) {
    const inputs = {};
    let wrong = null;
    for (const field of fields) {
      try {
        const value = field.read(strict);
        if (value !== undefined) inputs[field.name] = value;
        field.complain("");
      } catch (error) {
        if (!(error instanceof Invalid)) throw error;
        if (strict) field.complain(error.message);
        wrong ??= field;
      }
    }
    if (strict) wrong?.focus();
    return strict && wrong ? null : inputs;
  }

  /** Puts what the hub says to the fields that it is about; gives what is about none of them. */
  function showProblem(message) {
    const { found, rest } = byField(
      message,
      fields.map(({ name }) => name),
    );
    for (const field of fields) if (found[field.name]) field.complain(found[field.name]);
    fields.find(({ name }) => found[name])?.focus();
    return rest;
  }

  function state() {
    const written = fields.map(({ name, control }) => [name, control.state()]);
    return Object.fromEntries(written.filter(([, value]) => value !== undefined));
  }

  function restore(state) {
    for (const { name, control, complain } of fields) {
      control.restore(state[name]);
      complain("");
    }
  }

  return { element, read, showProblem, state, restore, focus: () => fields[0]?.focus() };
}

function foldedFields(fields) {
  return h(
    "details",
    { class: "folded" },
    h("summary", {}, fields.length > 1 ? `${fields.length} more inputs` : "One more input"),
    h(
      "div",
      { class: "fields" },
      fields.map((field) => field.element),
    ),
  );
}

function fieldFor(parameter, isMain) {
  const id = newId("input");
  const { description } = parameter;
  const complaint = h("p", { class: "problem", id: `${id}-problem` });
  const described = [description && `${id}-hint`, `${id}-type`, `${id}-problem`].filter(Boolean).join(" ");
  const control = makeControl(parameter, {
    id,
    "aria-describedby": described,
    "aria-required": parameter.required || null,
    large: isMain,
  });
  const target = () => control.element.querySelector?.("input:not([type=range]), textarea, select") ?? control.element;
  const isGroup = control.element.getAttribute("role") === "group";
  const label = h(
    isGroup ? "span" : "label", // a label would tick the first box of a group
    { class: isGroup && "label", for: isGroup ? null : id, id: `${id}-label` },
    parameter.name,
    parameter.required && h("span", { class: "needed" }, "required"),
  );
  const type = h("span", { class: "hint", id: `${id}-type` }, typeOf(parameter));
  const about = description && h("p", { class: "hint", id: `${id}-hint` }, description);
  const element = h("div", { class: "field" }, h("div", { class: "bar" }, label, type), about, control.element, complaint);

  function read(strict) {
    const value = control.read();
    if (value === undefined && strict && parameter.required) throw new Invalid(`${parameter.name} is needed.`);
    return value;
  }

  function complain(message) {
    complaint.textContent = message;
    const folded = element.closest("details");
    if (message && folded) folded.open = true;
    if (message) target().setAttribute("aria-invalid", "true");
    else target().removeAttribute("aria-invalid");
  }

  const isNeeded = parameter.required || isMain;
  return { name: parameter.name, control, isNeeded, element, read, complain, focus: () => target().focus() };
}

function makeControl(parameter, attributes) {
  if (parameter.isFixed && defaultOf(parameter) !== undefined) return fixed(parameter, attributes);
  if (kindOf(parameter) in FILES) return filesFor(parameter, attributes);
  return (parameter.multipleValues ? severalFor : controlFor)(parameter, attributes);
}

function fixed(parameter, { id }) {
  const input = h("input", { id, value: told(defaultOf(parameter)), readonly: true });
  return { element: input, read: () => undefined, state: () => undefined, restore: () => {} };
}

/** Its type, its bounds and its default, in a few words. */
function typeOf(parameter) {
  const { minimum = null, maximum = null, multipleValues, isFixed } = parameter;
  const isChoice = optionsOf(parameter).length > 0;
  const standing = isChoice && !multipleValues ? undefined : defaultOf(parameter); // a choice shows it
  const facts = [
    isChoice ? multipleValues && "any of these" : `${kindOf(parameter)}${multipleValues ? ", one or more" : ""}`,
    range(minimum, maximum),
    isFixed ? "fixed" : standing !== undefined && told(standing) !== "[]" && `default ${told(standing)}`,
  ];
  return facts.filter(Boolean).join(", ");
}

function range(minimum, maximum) {
  if (minimum !== null && maximum !== null) return `${minimum} to ${maximum}`;
  if (minimum !== null) return `${minimum} or more`;
  return maximum !== null && `${maximum} at most`;
}
