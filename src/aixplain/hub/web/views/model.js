/** A model: what it is, a form to run it, its answer, and the code for the same. */

import { ROOT, ask, encoded } from "../api.js";
import { codePanel } from "../code/panel.js";
import { h } from "../dom.js";
import * as drafts from "../form/drafts.js";
import { formFor } from "../form/form.js";
import { functionName, language, price } from "../format.js";
import { copyButton } from "../parts/copy.js";
import { factList } from "../parts/facts.js";
import { to } from "../places.js";
import { Panel } from "../running/panel.js";
import { cancel, inBackground, streamed } from "../running/runs.js";
import * as session from "../session.js";
import { pathOf } from "./catalog-list.js";

export async function show({ match, signal }) {
  const model = await ask("GET", `v2/models/${encoded(match[0])}`, { signal });
  return { title: model.name, content: new ModelView(model, signal).element };
}

class ModelView {
  constructor(model, signal) {
    this.model = model;
    this.path = pathOf(model);
    this.signal = signal;
    this.form = formFor(model.params ?? []);
    this.panel = new Panel(model.function?.id);
    this.code = codePanel("Code");
    this.runButton = h("button", { class: "main" }, "Run");
    this.cancelButton = h("button", { type: "button", hidden: true, onclick: () => this.cancel() }, "Cancel");
    this.streams = h("input", { type: "checkbox", checked: true });
    this.element = h(
      "div",
      { class: "model" },
      this.head(),
      h("div", { class: "columns" }, this.inputs(), h("div", { class: "outcome" }, this.panel.element, this.code.element)),
    );
    this.restore();
    this.showCode();
  }

  head() {
    const { model } = this;
    return h(
      "header",
      { class: "model-head" },
      h(
        "p",
        { class: "crumb" },
        h("a", { href: to("/", { function: model.function?.id }) }, functionName(model.function?.id ?? "model")),
      ),
      h("h1", {}, model.name),
      h(
        "p",
        { class: "path" },
        h("code", {}, this.path),
        copyButton(() => this.path, "Copy"),
      ),
      model.description && h("p", { class: "description" }, model.description),
      factList("facts", factsOf(model)),
    );
  }

  inputs() {
    return h(
      "form",
      {
        class: "inputs",
        novalidate: true,
        onsubmit: (event) => this.submitted(event),
        oninput: () => this.changed(),
        onkeydown: (event) => this.pressed(event),
      },
      h("h2", {}, "Inputs"),
      this.form.element,
      this.model.supportsStreaming && h("label", { class: "check" }, this.streams, "Show the answer as it comes"),
      h(
        "div",
        { class: "actions" },
        this.runButton,
        this.cancelButton,
        h("button", { type: "button", class: "plain", onclick: () => this.reset() }, "Reset inputs"),
        h("span", { class: "soft keys" }, h("kbd", {}, "Ctrl"), " ", h("kbd", {}, "Enter")),
      ),
    );
  }

  changed() {
    drafts.save(this.path, { inputs: this.form.state(), streams: this.streams.checked });
    this.showCode();
  }

  restore() {
    const draft = drafts.saved(this.path);
    if (!draft) return;
    this.form.restore(draft.inputs ?? {});
    this.streams.checked = draft.streams ?? true;
  }

  reset() {
    this.form.restore({});
    drafts.discard(this.path);
    this.showCode();
    this.form.focus();
  }

  showCode() {
    this.code.show({
      root: ROOT,
      model: this.model,
      path: this.path,
      inputs: this.form.read({ strict: false }),
      hasKey: Boolean(session.key()),
    });
  }

  pressed(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!this.running) this.run();
  }

  submitted(event) {
    event.preventDefault();
    if (!this.running) this.run();
  }

  async run() {
    const inputs = this.form.read({ strict: true });
    if (!inputs) return;
    this.running = new AbortController();
    this.isStream = this.model.supportsStreaming && this.streams.checked;
    this.isGivenUp = false;
    this.enter(true);
    this.panel.begin();
    const signal = AbortSignal.any([this.signal, this.running.signal]);
    try {
      for await (const event of (this.isStream ? streamed : inBackground)(this.path, inputs, signal)) {
        this.panel.take(event);
        if (event.accepted && this.isGivenUp) await this.giveUp();
        if (event.ended?.status === "FAILED") this.form.showProblem(event.ended.errorMessage ?? "");
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.running = null;
      this.enter(false);
    }
  }

  failed(error) {
    if (error.name === "AbortError") return this.panel.fail(null, "Canceled");
    const rest = error.status === 400 ? this.form.showProblem(error.message) : error.message;
    this.panel.fail(
      rest || "Something is wrong with the inputs; it stands beside them.",
      error.status === 400 ? "Refused" : "Failed",
    );
  }

  /** A stream ends with its connection. A run in the background is given up on the hub, as soon as the hub has said which it is. */
  async cancel() {
    if (this.isStream) return this.running?.abort();
    this.isGivenUp = true;
    if (this.panel.runId) await this.giveUp();
  }

  async giveUp() {
    try {
      await cancel(this.panel.runId);
    } catch (error) {
      if (error.status !== 409) this.panel.fail(error.message); // it was over already, and its end is on its way
    }
  }

  enter(isRunning) {
    if (!isRunning && document.activeElement === this.cancelButton) this.runButton.focus();
    this.cancelButton.hidden = !isRunning;
    this.runButton.setAttribute("aria-disabled", String(isRunning));
  }
}

function factsOf(model) {
  const attributes = Array.isArray(model.attributes)
    ? model.attributes
    : Object.entries(model.attributes ?? {}).map(([name, value]) => ({ name, value }));
  return [
    ["Supplier", model.vendor?.name && h("a", { href: to("/", { supplier: model.vendor.code }) }, model.vendor.name)],
    ["Price", price(model.pricing ?? {})],
    ["Version", model.version?.name],
    ["Developer", model.developer !== model.vendor?.name && model.developer],
    ...attributes.map(({ name, value }) => [functionName(name), value && languages(name, value)]),
  ];
}

/** Codes of languages as their names. */
function languages(name, value) {
  if (!/languages$/.test(name) || typeof value !== "string")
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  const codes = value.split(", ");
  const names = codes.slice(0, 12).map(language).join(", ");
  return codes.length > 12 ? `${names} and ${codes.length - 12} more` : names;
}
