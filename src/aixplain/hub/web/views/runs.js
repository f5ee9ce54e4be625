/** The runs of this key, the newest first, with filters. While some go on, the list follows them. */

import { ask } from "../api.js";
import { h, say, settled } from "../dom.js";
import { ago, count, duration, moment, shortId, tokens } from "../format.js";
import { emptyNotice } from "../parts/notices.js";
import { pager } from "../parts/pager.js";
import { region } from "../parts/region.js";
import { select } from "../parts/select.js";
import { stateTag } from "../parts/state.js";
import { figures, table } from "../parts/table.js";
import { to, toModel, toRun } from "../places.js";

const SIZE = 25;
const FOLLOWING = 2000; // milliseconds between looks at runs that go on
const STATES = { "": "Any status" };
for (const state of ["accepted", "started", "finished", "failed", "canceled", "expired"]) STATES[state] = state;
const SPANS = {
  "": "Any time",
  3600: "The last hour",
  86400: "The last day",
  604800: "The last week",
  2592000: "The last 30 days",
};

export function show({ query, signal }) {
  const list = new RunList(query, signal);
  return { title: "Runs", content: list.element, update: (next) => list.update(next) };
}

class RunList {
  constructor(query, signal) {
    this.signal = signal;
    this.status = select("Status", STATES, () => this.turn({ status: this.status.value }));
    this.within = select("Time", SPANS, () => this.turn({ within: this.within.value }));
    const typed = settled(300, () => this.turn({ model: this.model.value.trim() }));
    this.model = h("input", {
      type: "search",
      class: "code",
      placeholder: "Model: path or id",
      "aria-label": "Model",
      spellcheck: "false",
      oninput: typed,
    });
    this.results = h("div", { class: "results" });
    this.list = region(this.results, signal);
    const about = { class: "filters", role: "search", "aria-label": "Filters of runs" };
    const filters = h("div", about, this.status, this.model, this.within);
    this.element = h("div", { class: "column wide" }, h("h1", {}, "Runs"), filters, this.results);
    this.update(query);
  }

  update(query) {
    const [status, model, within] = ["status", "model", "within"].map((name) => query.get(name) ?? "");
    this.wanted = { status, model, within, page: Number(query.get("page")) || 1 };
    this.status.value = this.wanted.status;
    this.within.value = this.wanted.within;
    if (this.model.value.trim() !== this.wanted.model) this.model.value = this.wanted.model;
    this.look();
  }

  turn(changes) {
    if (!this.signal.aborted) location.hash = this.address({ page: 1, ...changes });
  }

  address(changes) {
    const next = { ...this.wanted, ...changes };
    return to("/runs", { ...next, page: next.page > 1 ? next.page : null });
  }

  look() {
    clearTimeout(this.later);
    const show = (page) => {
      this.found(page);
      this.follow(page);
    };
    return this.list.load((signal) => ask("GET", `sdk/runs?${this.asked()}`, { signal }), show);
  }

  asked() {
    const { status, model, within, page } = this.wanted;
    const asked = new URLSearchParams({ pageNumber: page - 1, pageSize: SIZE });
    if (status) asked.set("status", status);
    if (model) asked.set("model", model);
    if (within) asked.set("since", new Date(Date.now() - Number(within) * 1000).toISOString());
    return asked;
  }

  found(page) {
    const focused = this.results.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const pages = pager(page, SIZE, (number) => this.address({ page: number + 1 }));
    this.results.replaceChildren(page.total ? runTable(page.results) : this.nothing(), pages ?? "");
    if (focused) this.results.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    const words = `${count(page.total)} ${page.total === 1 ? "run" : "runs"}`;
    if (words !== this.said) say((this.said = words));
  }

  nothing() {
    const { status, model, within } = this.wanted;
    if (status || model || within) return emptyNotice("No run fits", "Take a filter away.");
    return emptyNotice("Nothing was run yet", h("a", { href: "#/" }, "Find a model"), " and run it; it will be here.");
  }

  /** Looks again in a while, as long as a run goes on and somebody sees it. */
  follow(page) {
    if (!page.results.some(({ status }) => status === "IN_PROGRESS")) return;
    this.later = setTimeout(() => {
      if (this.signal.aborted) return;
      if (document.hidden) this.follow(page);
      else this.look();
    }, FOLLOWING);
  }
}

function runTable(runs) {
  const columns = ["Run", "Model", "State", "When", ...figures("Took", "Tokens", "Credits")];
  return table("Runs", columns, runs.map(row), { kind: "runs" });
}

function row(run) {
  const took = run.endedAt && run.startedAt ? duration((new Date(run.endedAt) - new Date(run.startedAt)) / 1000) : "";
  const total = run.usage ? tokens({ total_tokens: run.usage.total_tokens }) : "";
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("a", { href: toRun(run.requestId) }, h("code", {}, shortId(run.requestId)))),
    h("td", { class: "which" }, h("a", { href: toModel(run.model) }, run.model)),
    h(
      "td",
      {},
      stateTag(run.state),
      run.errorMessage && h("span", { class: "error", title: run.errorMessage }, run.errorMessage),
    ),
    h("td", {}, h("time", { datetime: run.createdAt, title: moment(run.createdAt) }, ago(run.createdAt))),
    h("td", { class: "figure" }, took),
    h("td", { class: "figure" }, total),
    h("td", { class: "figure" }, run.usedCredits ? count(run.usedCredits) : ""),
  );
}
