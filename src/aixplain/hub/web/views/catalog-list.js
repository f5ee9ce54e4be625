/** A page of the catalog, as a list that the arrow keys walk through. */

import { h } from "../dom.js";
import { functionName, price } from "../format.js";
import { toModel } from "../places.js";
import { emptyNotice } from "../parts/notices.js";
import { pager } from "../parts/pager.js";

const LONGEST = 320; // letters of a description; the page shows two lines

export function modelList(page, size, wanted, address) {
  if (page.total === 0) return [nothing(wanted)];
  const words = (wanted.q.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, 16);
  return [
    h(
      "ol",
      { class: "models" },
      page.results.map((model) => row(model, words)),
    ),
    pager(page, size, address),
  ].filter(Boolean);
}

function row(model, words) {
  const path = pathOf(model);
  const facts = [functionName(model.function?.id ?? "model"), model.vendor?.name, price(model.pricing ?? {})];
  return h(
    "li",
    {},
    h("div", { class: "head" }, h("a", { href: toModel(path) }, marked(model.name, words)), h("code", {}, marked(path, words))),
    h("p", { class: "about" }, marked((model.description ?? "").slice(0, LONGEST), words)),
    h(
      "p",
      { class: "facts" },
      facts.filter(Boolean).map((fact) => h("span", {}, fact)),
      model.supportsStreaming && h("span", { class: "tag" }, "streams"),
      model.connectionType?.includes("asynchronous") && h("span", { class: "tag" }, "background"),
    ),
  );
}

export function pathOf(model) {
  return model.assetInfo?.instanceId ?? model.assetInfo?.assetPath ?? model.id;
}

/** A text, with the beginnings that were searched for marked. */
function marked(text, words) {
  if (!words.length) return text;
  const found = new RegExp(`(?<![\\p{L}\\p{N}])(${words.join("|")})`, "giu");
  return text.split(found).map((part, index) => (index % 2 ? h("mark", {}, part) : part));
}

function nothing({ q }) {
  if (q) return emptyNotice(`No model fits “${q}”`, "Try fewer or other words, or take a filter away.");
  return emptyNotice("No model is here", "Take a filter away, or add models to this hub.");
}

/** Up and down go from link to link, and up from the first one back to the search. */
export function moveInList(event, results, input) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...results.querySelectorAll(".models a")];
  const next = links.indexOf(document.activeElement) + step;
  if (event.target !== input && links.indexOf(document.activeElement) < 0) return;
  event.preventDefault();
  (next < 0 ? input : links[Math.min(next, links.length - 1)])?.focus();
}
