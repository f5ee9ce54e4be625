/** The keys of the hub: those there are, new ones, and the end of one. */

import { ask } from "../api.js";
import { h, say } from "../dom.js";
import { ago, count, moment } from "../format.js";
import { copyButton } from "../parts/copy.js";
import { confirmed } from "../parts/dialog.js";
import { emptyNotice, problemNotice } from "../parts/notices.js";
import { region } from "../parts/region.js";
import { table } from "../parts/table.js";
import * as session from "../session.js";
import { keyForm } from "./keys-form.js";

const LIMITS = { rpm: "requests a minute", rpd: "requests a day", tpm: "tokens a minute", tpd: "tokens a day" };

export function show({ signal }) {
  const keys = new KeysView(signal);
  keys.look();
  return { title: "Keys", content: keys.element };
}

class KeysView {
  constructor(signal) {
    this.signal = signal;
    this.list = h("div", {});
    this.shown = region(this.list, signal);
    this.news = h("div", { class: "news" });
    this.form = keyForm((body) => this.create(body));
    this.form.element.hidden = true;
    this.element = h(
      "div",
      { class: "column wide" },
      h("h1", {}, "Keys"),
      this.news,
      h("div", { class: "columns flipped" }, this.list, this.form.element),
    );
  }

  /** The form appears with the keys: an admin's key is needed for both. */
  look() {
    const show = (keys) => {
      this.form.element.hidden = false;
      this.form.isFirst(keys.length === 0 && !session.key());
      this.list.replaceChildren(
        keys.length
          ? this.table(keys)
          : emptyNotice("There is no key yet", "Without one, this hub answers this machine only, and everyone on it."),
      );
    };
    return this.shown.load((signal) => ask("GET", "sdk/api-keys", { signal }), show);
  }

  /** Raises `Problem`, which the form shows. */
  async create(body) {
    const key = await ask("POST", "sdk/api-keys", { body, signal: this.signal });
    const isOwn = !session.key() && key.isAdmin;
    if (isOwn) session.keep(key.accessKey, { onDevice: false });
    this.news.replaceChildren(
      h(
        "div",
        { class: "notice good", tabindex: "-1" },
        h("p", { class: "strong" }, `The key “${key.name}”. It is shown this once: keep it now.`),
        h(
          "p",
          { class: "secret" },
          h("code", { class: "long" }, key.accessKey),
          copyButton(() => key.accessKey),
        ),
        isOwn && h("p", {}, "The hub wants a key from now on. This tab uses the new one."),
      ),
    );
    this.news.firstChild.focus();
    say("The key was made");
    await this.look();
  }

  table(keys) {
    const columns = ["Name", "May use", "Limits", "Last used", "Expires", ""];
    return table(
      "Keys",
      columns,
      keys.map((key) => this.row(key)),
      { kind: "keyring" },
    );
  }

  row(key) {
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("span", { class: "strong" }, key.name),
        " ",
        key.isAdmin && h("span", { class: "tag" }, "admin"),
        h("br"),
        h("code", { class: "soft" }, key.accessKey),
      ),
      h("td", { "data-name": "May use" }, key.models ? key.models.join(", ") : "all models"),
      h(
        "td",
        { "data-name": "Limits" },
        limitsOf(key).map((words) => h("div", {}, words)),
      ),
      h("td", { "data-name": "Last used" }, key.lastUsedAt ? since(key.lastUsedAt) : "never"),
      h("td", { "data-name": "Expires" }, key.expiresAt ? moment(key.expiresAt) : "never"),
      h(
        "td",
        {},
        h(
          "button",
          { type: "button", class: "danger", "aria-label": `Revoke ${key.name}`, onclick: () => this.revoke(key) },
          "Revoke",
        ),
      ),
    );
  }

  /** Revoke a key; false when it is the last admin key, and is kept after a second question. */
  async remove(key, query) {
    try {
      await ask("DELETE", `sdk/api-keys/${encodeURIComponent(key.id)}${query}`, { signal: this.signal });
      return true;
    } catch (error) {
      if (error.status !== 409 || query) throw error;
      return (await confirmedLast(key, error.message)) && this.remove(key, "?force=true");
    }
  }

  async revoke(key) {
    const warning = "Whoever uses it is refused within a second. It can't be undone.";
    if (!(await confirmed(`Revoke “${key.name}”?`, warning, "Revoke"))) return;
    try {
      if (!(await this.remove(key, ""))) return;
      say(`${key.name} was revoked`);
      this.news.replaceChildren();
      await this.look();
    } catch (error) {
      if (error.name !== "AbortError") this.news.replaceChildren(problemNotice(error));
    }
  }
}

function confirmedLast(key, message) {
  const warning = `${message} Without an admin key nobody can make or revoke keys over the network.`;
  return confirmed(`“${key.name}” is the last admin key`, warning, "Revoke it anyway");
}

function since(iso) {
  return h("time", { datetime: iso, title: moment(iso) }, ago(iso));
}

function limitsOf({ globalLimits, budget, assetsLimits }) {
  const all = wordsOf(globalLimits ?? {}, budget);
  const each = (assetsLimits ?? []).map((limits) => `${limits.assetId}: ${wordsOf(limits, limits.budget).join(", ")}`);
  return all.length + each.length ? [...all, ...each] : ["none"];
}

function wordsOf(limits, budget) {
  const words = Object.entries(LIMITS).flatMap(([name, unit]) =>
    isSet(limits[name]) ? [`${count(limits[name])} ${unit}`] : [],
  );
  return isSet(budget) ? [...words, `${count(budget)} credits a month`] : words;
}

function isSet(value) {
  return value !== null && value !== undefined;
}
