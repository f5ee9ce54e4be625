/** The form for a new key. */

import { h, newId } from "../dom.js";
import * as drafts from "../form/drafts.js";

const DRAFT = "new key";
const LIMITS = { rpm: "Requests a minute", rpd: "Requests a day", tpm: "Tokens a minute", tpd: "Tokens a day" };

/** `create(body)` makes the key; what it raises is shown. */
export function keyForm(create) {
  const name = field("Name", { required: true, autocomplete: "off" }, "Whose it is, or what for.");
  const models = field(
    "Models",
    { class: "code", autocomplete: "off", spellcheck: "false" },
    "Paths with commas between, such as acme/shout, team/*. All, when it is empty.",
  );
  const limits = Object.entries(LIMITS).map(([key, label]) => ({
    key,
    ...field(label, { inputmode: "numeric", autocomplete: "off" }),
  }));
  const budget = field("Credits a month", { inputmode: "decimal", autocomplete: "off" });
  const expires = field("Last day (UTC)", { type: "date" });
  const isAdmin = h("input", { type: "checkbox" });
  const fields = [name, models, ...limits, budget, expires];
  const first = h(
    "p",
    { class: "notice", hidden: true },
    "This is the first key. From then on the hub wants one of everybody, and this one can make the others.",
  );
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "main" }, "Make the key");
  const element = h(
    "form",
    { class: "inputs", novalidate: true, onsubmit: submitted, oninput: () => drafts.save(DRAFT, state()) },
    h("h2", {}, "A new key"),
    first,
    name.element,
    models.element,
    h(
      "details",
      { class: "folded" },
      h("summary", {}, "Limits and expiry"),
      h(
        "div",
        { class: "pairs" },
        limits.map((each) => each.element),
        budget.element,
        expires.element,
      ),
    ),
    h("label", { class: "check" }, isAdmin, "May make and revoke keys, and see what all keys used"),
    problem,
    h("div", { class: "actions" }, button),
  );

  async function submitted(event) {
    event.preventDefault();
    problem.textContent = "";
    try {
      const body = read();
      button.disabled = true;
      await create(body);
      element.reset();
      drafts.discard(DRAFT);
    } catch (error) {
      if (error.name !== "AbortError") problem.textContent = error.message;
      if (error.field) error.field.focus();
    } finally {
      button.disabled = false;
    }
  }

  function read() {
    const body = { name: name.value(), isAdmin: isAdmin.checked };
    if (!body.name) throw wrong("A key wants a name.", name);
    const paths = models
      .value()
      .split(/[,\s]+/)
      .filter(Boolean);
    if (paths.length) body.models = paths;
    body.globalLimits = Object.fromEntries(limits.map((each) => [each.key, number(each)]));
    body.budget = number(budget);
    if (expires.value()) body.expiresAt = `${expires.value()}T23:59:59Z`;
    return body;
  }

  function state() {
    return { values: fields.map(({ input }) => input.value), isAdmin: isAdmin.checked };
  }

  function restore({ values, isAdmin: wasAdmin }) {
    fields.forEach(({ input }, index) => (input.value = values[index] ?? ""));
    isAdmin.checked = wasAdmin;
  }

  function isFirst(itIs) {
    first.hidden = !itIs;
    if (itIs) isAdmin.checked = true;
    isAdmin.disabled = itIs;
  }

  const draft = drafts.saved(DRAFT);
  if (draft) restore(draft);
  return { element, isFirst };
}

function field(label, attributes, hint = null) {
  const id = newId("key");
  const input = h("input", { id, ...attributes, "aria-describedby": hint && `${id}-hint` });
  const element = h(
    "div",
    { class: "field plain" },
    h("label", { for: id }, label),
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
    input,
  );
  return { element, label, input, value: () => input.value.trim() };
}

function number(each) {
  if (!each.value()) return null;
  const value = Number(each.value());
  if (!Number.isFinite(value) || value < 0) throw wrong(`${each.label} is a number, and not “${each.value()}”.`, each);
  return value;
}

function wrong(message, { input }) {
  return Object.assign(new Error(message), { field: input });
}
