/** What was used, day by day: a chart, and the sums of each model or key. */

import { ask } from "../api.js";
import { columnChart } from "../charts/columns.js";
import { h } from "../dom.js";
import { count, duration, short } from "../format.js";
import { emptyNotice } from "../parts/notices.js";
import { region } from "../parts/region.js";
import { select } from "../parts/select.js";
import { figures, table } from "../parts/table.js";
import { to, toModel } from "../places.js";
import { MEASURES, daysOf, seriesOf, sumsOf } from "./usage-sums.js";

const SPANS = { 7: "7 days", 30: "30 days", 90: "90 days" };
const PARTS = { model: "By model", key: "By key" };

export function show({ query, signal }) {
  const usage = new UsageView(query, signal);
  return { title: "Usage", content: usage.element, update: (next) => usage.update(next) };
}

class UsageView {
  constructor(query, signal) {
    this.signal = signal;
    const measures = Object.fromEntries(Object.entries(MEASURES).map(([name, { title }]) => [name, title]));
    this.measure = select("What is counted", measures, () => this.turn({ measure: this.measure.value }));
    this.by = select("Split", PARTS, () => this.turn({ by: this.by.value }));
    this.days = select("Time", SPANS, () => this.turn({ days: this.days.value }));
    this.results = h("div", { class: "usage" });
    this.shown = region(this.results, signal);
    const filters = h("div", { class: "filters" }, this.measure, this.by, this.days);
    this.element = h("div", { class: "column wide" }, h("h1", {}, "Usage"), filters, this.results);
    this.update(query);
  }

  update(query) {
    const chosen = (name, options, usual) => (query.get(name) in options ? query.get(name) : usual);
    this.wanted = {
      measure: chosen("measure", MEASURES, "runs"),
      by: chosen("by", PARTS, "model"),
      days: chosen("days", SPANS, "30"),
    };
    for (const [name, value] of Object.entries(this.wanted)) this[name].value = value;
    this.look();
  }

  turn(changes) {
    location.hash = to("/usage", { ...this.wanted, ...changes });
  }

  look() {
    const days = daysOf(Number(this.wanted.days));
    const asked = new URLSearchParams({ by: `day,${this.wanted.by}`, since: `${days[0]}T00:00:00Z` });
    const show = ({ results }) =>
      this.results.replaceChildren(
        ...(results.length ? this.found(results, days) : [emptyNotice("Nothing was run in this time")]),
      );
    return this.shown.load((signal) => ask("GET", `sdk/usage?${asked}`, { signal }), show);
  }

  found(rows, days) {
    const { measure, by } = this.wanted;
    const sums = sumsOf(rows, by);
    const series = seriesOf(rows, days, by, measure, sums);
    const { title } = MEASURES[measure];
    const words = `${title} a day, ${PARTS[by].toLowerCase()}, the last ${SPANS[days.length]}. The table below has the sums.`;
    const legend = h(
      "ul",
      { class: "legend" },
      series.map(({ name }, index) => h("li", { class: `series-${index}` }, name)),
    );
    const chart = series.length
      ? columnChart({ days, series, label: words, format: short })
      : emptyNotice(`No ${title.toLowerCase()} are known of in this time`);
    return [h("figure", { class: "framed" }, h("figcaption", {}, `${title} a day`, legend), chart), sumTable(sums, by)];
  }
}

function sumTable(sums, by) {
  const columns = [by === "model" ? "Model" : "Key", ...figures("Runs", "Failed", "Time", "Tokens", "Credits")];
  return table(
    "Sums",
    columns,
    sums.map((sum) => sumRow(sum, by)),
  );
}

function sumRow({ id, name, runs, failed, seconds, tokens, credits }, by) {
  const known = (value) => (value === null ? "" : count(value));
  const told = [count(runs), failed ? count(failed) : "", duration(seconds), known(tokens), known(credits)];
  const label = by === "model" ? h("a", { href: toModel(id) }, name) : name;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, label),
    told.map((figure) => h("td", { class: "figure" }, figure)),
  );
}
