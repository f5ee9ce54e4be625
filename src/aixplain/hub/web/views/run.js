/** One run: its states with their times, its webhook, and its answer while that is kept. */

import { ask } from "../api.js";
import { h } from "../dom.js";
import { count, duration, moment, shortId, tokens } from "../format.js";
import { copyButton } from "../parts/copy.js";
import { factList } from "../parts/facts.js";
import { loadingNotice, problemNotice } from "../parts/notices.js";
import { region } from "../parts/region.js";
import { stateTag } from "../parts/state.js";
import { table } from "../parts/table.js";
import { toModel } from "../places.js";
import { Panel } from "../running/panel.js";
import { cancel, followed, resultOf } from "../running/runs.js";

export async function show({ match, signal }) {
  const id = match[0];
  const run = await ask("GET", `sdk/runs/${encodeURIComponent(id)}`, { signal });
  return { title: `Run ${shortId(id)}`, content: new RunView(run, signal).element };
}

class RunView {
  constructor(run, signal) {
    this.id = run.requestId;
    this.signal = signal;
    this.facts = h("div", { class: "run-facts" });
    this.webhooks = h("div", { class: "webhooks" });
    this.shownWebhooks = region(this.webhooks, signal);
    this.panel = new Panel();
    this.cancelButton = h("button", { type: "button", onclick: () => this.cancel() }, "Cancel this run");
    this.trouble = h("div", {});
    this.element = h(
      "div",
      { class: "column wide run" },
      h("p", { class: "crumb" }, h("a", { href: "#/runs" }, "Runs")),
      h("h1", {}, "Run ", h("code", {}, shortId(this.id))),
      this.trouble,
      h(
        "div",
        { class: "columns" },
        h("div", {}, this.facts, this.webhooks),
        h("div", { class: "outcome" }, this.panel.element),
      ),
    );
    this.open(run);
  }

  open(run) {
    this.put(run);
    this.showWebhooks();
    if (run.status === "IN_PROGRESS") this.follow();
    else this.showAnswer(run);
  }

  put(run) {
    this.cancelButton.hidden = run.status !== "IN_PROGRESS";
    this.facts.replaceChildren(timeline(run), factsOf(run), this.cancelButton);
  }

  async follow() {
    this.panel.begin();
    this.panel.runId = this.id;
    try {
      for await (const event of followed(this.id, this.signal)) this.panel.take(event);
    } catch (error) {
      if (error.name === "AbortError") return this.panel.stop();
      this.panel.fail(null, "Not known");
      return this.trouble.replaceChildren(problemNotice(error, () => this.load((run) => this.open(run))));
    }
    await this.load((run) => {
      this.put(run);
      this.showWebhooks();
    });
  }

  /** Ask for the run again. */
  async load(show) {
    this.trouble.replaceChildren();
    try {
      show(await ask("GET", `sdk/runs/${encodeURIComponent(this.id)}`, { signal: this.signal }));
    } catch (error) {
      if (error.name !== "AbortError") this.trouble.replaceChildren(problemNotice(error, () => this.load(show)));
    }
  }

  /** The answer of a run that is over; one that was given at once, or long ago, isn't kept. */
  async showAnswer(run) {
    this.panel.body.replaceChildren(loadingNotice());
    try {
      const envelope = await ask("GET", resultOf(this.id), { signal: this.signal });
      this.panel.body.replaceChildren();
      this.panel.end(envelope);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.status !== 404) return this.panel.body.replaceChildren(problemNotice(error, () => this.showAnswer(run)));
      this.panel.told(run.state === "finished" ? "Done" : run.state, run.state === "finished" ? "good" : "bad");
      this.panel.body.replaceChildren(h("p", { class: "soft" }, notKept(run)));
    }
  }

  showWebhooks() {
    const address = `sdk/runs/${encodeURIComponent(this.id)}/webhooks`;
    const show = ({ results }) => this.webhooks.replaceChildren(...results.map(webhookView));
    return this.shownWebhooks.load((signal) => ask("GET", address, { signal }), show);
  }

  async cancel() {
    this.cancelButton.disabled = true;
    try {
      await cancel(this.id);
    } catch (error) {
      if (error.status !== 409) this.trouble.replaceChildren(problemNotice(error));
    }
    this.cancelButton.disabled = false;
  }
}

function notKept({ errorMessage, state }) {
  if (errorMessage) return errorMessage;
  return state === "finished"
    ? "The answer went to its caller at once, or its time is over: it isn't kept any more."
    : "Nothing of its answer is kept.";
}

function timeline(run) {
  const began = new Date(run.createdAt);
  const steps = [
    ["accepted", run.createdAt],
    ["started", run.startedAt],
    [run.endedAt ? run.state : null, run.endedAt],
  ].filter(([name, at]) => name && at);
  const since = (at) => (new Date(at) - began ? `+${duration((new Date(at) - began) / 1000)}` : "");
  const item = ([name, at]) =>
    h("li", {}, stateTag(name), h("time", { datetime: at }, moment(at)), h("span", { class: "soft" }, since(at)));
  return h("ol", { class: "timeline" }, steps.map(item));
}

function factsOf(run) {
  return factList("list", [
    ["Model", h("a", { href: toModel(run.model) }, run.model)],
    [
      "Id",
      h(
        "span",
        {},
        h("code", { class: "long" }, run.requestId),
        " ",
        copyButton(() => run.requestId),
      ),
    ],
    ["Attempts", run.attempts > 1 && count(run.attempts)],
    ["Priority", run.priority !== 0 && count(run.priority)],
    ["Deadline", run.deadline && moment(run.deadline)],
    ["Tokens", tokens(run.usage)],
    ["Credits", run.usedCredits ? count(run.usedCredits) : null],
    ["Answer kept until", run.expiresAt && moment(run.expiresAt)],
    ["Status code", run.statusCode],
  ]);
}

function webhookView({ url, state, nextAttemptAt, attempts }) {
  const next = nextAttemptAt && h("p", { class: "soft" }, `Told again at ${moment(nextAttemptAt)}`);
  const about = h("p", {}, h("code", { class: "long" }, url), " ", h("span", { class: "tag" }, state));
  return h(
    "section",
    { "aria-label": "Webhook" },
    h("h2", {}, "Webhook"),
    about,
    next,
    attempts.length > 0 && attemptTable(attempts),
  );
}

function attemptTable(attempts) {
  const rows = attempts.map(({ number, at, seconds, statusCode, errorMessage }) =>
    h(
      "tr",
      {},
      h("td", {}, number),
      h("td", {}, moment(at)),
      h("td", {}, duration(seconds)),
      h("td", {}, statusCode ?? errorMessage ?? ""),
    ),
  );
  return table("Attempts", ["#", "At", "Took", "Answer"], rows);
}
