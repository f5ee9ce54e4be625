/** Where an answer appears: while it comes, and when it is there. */

import { h, say } from "../dom.js";
import { count, duration, shortId, tokens } from "../format.js";
import { toRun } from "../places.js";
import { copyButton } from "../parts/copy.js";
import { factList } from "../parts/facts.js";
import { answerView, textView } from "./answer.js";
import { jsonView } from "./json.js";

export const WORDS = { SUCCESS: "Done", FAILED: "Failed", CANCELED: "Canceled", ABORTED: "Ended" };

export class Panel {
  constructor(functionId) {
    this.functionId = functionId;
    this.text = null;
    this.state = h("p", { class: "state" });
    this.bar = h("progress", { max: 1, "aria-label": "Progress", hidden: true });
    this.body = h("div", { class: "answer" });
    this.foot = h("div", { class: "foot" });
    const head = h("div", { class: "bar" }, h("h2", {}, "Answer"), this.state);
    this.element = h("section", { class: "panel", "aria-label": "Answer" }, head, this.bar, this.body, this.foot);
    this.body.append(h("p", { class: "soft" }, "Run the model, and its answer is here."));
  }

  begin() {
    const started = performance.now();
    this.text = null;
    this.runId = null;
    this.notedId = null;
    this.body.replaceChildren();
    this.foot.replaceChildren();
    this.element.setAttribute("aria-busy", "true");
    this.told("Running", "running");
    this.clock = setInterval(() => this.told(`Running, ${duration((performance.now() - started) / 1000)}`, "running"), 100);
    if (matchMedia("(max-width: 959px)").matches) this.element.scrollIntoView({ block: "start" });
    this.bar.hidden = false;
    this.bar.removeAttribute("value");
    say("Running");
  }

  /** Takes what a run yields. */
  take({ accepted, noted, progress, waiting, text, reasoning, ended }) {
    if (accepted) this.runId = accepted;
    if (noted) this.notedId = noted; // its page is there when it ended
    if (progress !== undefined) this.foot.replaceChildren();
    if (typeof progress === "number") this.bar.value = progress;
    if (waiting) this.foot.replaceChildren(h("p", { class: "soft" }, `${waiting} Asking again …`));
    if (reasoning) this.append("reasoning", reasoning);
    if (text) this.append("text", text);
    if (ended) this.end(ended);
  }

  append(kind, piece) {
    const words = typeof piece === "string" ? piece : JSON.stringify(piece);
    this.text ??= { text: "", reasoning: "" };
    this.text[kind] += words;
    let place = this.body.querySelector(`:scope > .${kind}`);
    if (!place) {
      place = kind === "text" ? textView() : h("div", { class: "reasoning", role: "group", "aria-label": "Reasoning" });
      this.body.append(place);
    }
    place.append(words);
  }

  end(envelope) {
    this.stop();
    const isGood = envelope.status === "SUCCESS";
    const words = WORDS[envelope.status] ?? envelope.status;
    const seconds = envelope.runTime;
    this.told(typeof seconds === "number" ? `${words} in ${duration(seconds)}` : words, isGood ? "good" : "bad");
    if (isGood && this.text === null) this.body.replaceChildren(answerView(envelope.data, this.functionId));
    if (!isGood) this.complain(envelope.errorMessage ?? envelope.supplierError ?? "The model failed, and doesn't say why.");
    this.foot.replaceChildren(...footOf(envelope, this.text?.text ?? null, this.notedId ?? this.runId ?? envelope.requestId));
    say(this.state.textContent);
  }

  /** Ends with what went wrong; what came before it stays. */
  fail(message, word = "Failed") {
    this.stop();
    this.told(word, "bad");
    if (message) this.complain(message);
    const id = this.notedId ?? this.runId;
    if (id) this.foot.replaceChildren(factList("facts", [["Run", linkTo(id)]]));
    say(word);
  }

  complain(message) {
    this.body.append(h("p", { class: "notice bad", role: "alert" }, message));
  }

  stop() {
    clearInterval(this.clock);
    this.bar.hidden = true;
    this.element.removeAttribute("aria-busy");
  }

  told(words, kind) {
    this.state.textContent = words;
    this.state.dataset.kind = kind;
  }
}

function footOf(envelope, text, runId) {
  const credits = envelope.usedCredits ?? null;
  const facts = [
    ["Tokens", tokens(envelope.usage)],
    ["Credits", credits === null ? null : count(credits)],
    ["Run", runId && linkTo(runId)],
  ];
  const copied = text ?? (typeof envelope.data === "string" ? envelope.data : JSON.stringify(envelope.data ?? null, null, 2));
  return [
    factList("facts", facts),
    envelope.status === "SUCCESS" && copyButton(() => copied, "Copy the answer"),
    envelope.details?.length > 0 && folded("Details", envelope.details),
    text === null && folded("Whole answer", envelope),
  ].filter(Boolean);
}

function linkTo(runId) {
  return h("a", { href: toRun(runId) }, h("code", {}, shortId(runId)));
}

export function folded(title, value) {
  const details = h("details", { class: "folded" }, h("summary", {}, title));
  details.addEventListener("toggle", () => details.append(jsonView(value)), { once: true });
  return details;
}
