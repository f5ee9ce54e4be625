/** The filters beside the catalog: what the results could be narrowed to, with the number of models. */

import { h } from "../dom.js";
import { count, functionName, language } from "../format.js";
import { region } from "../parts/region.js";

/** In the address by `name`, in the hub's answer and its search by `filter`. */
export const FACETS = [
  { name: "function", filter: "functions", title: "Function", label: ({ value }) => functionName(value) },
  { name: "supplier", filter: "suppliers", title: "Supplier", label: ({ name, value }) => name ?? value },
  { name: "language", filter: "sourceLanguages", title: "Language", label: ({ value }) => language(value) },
  { name: "into", filter: "targetLanguages", title: "Into language", label: ({ value }) => language(value) },
];
const FEW = 7;

/** `choose(name, value, isWanted)` is called when a filter is set or taken away. */
export function facetList(choose, signal) {
  const unfolded = new Set();
  const groups = h("div", { class: "groups" });
  const chosen = h("span", { class: "chosen" });
  const element = h("details", { class: "facets" }, h("summary", {}, "Filters", chosen), groups);
  followWidth(element);
  const shown = region(groups, signal);
  let last = null;

  function load(find, wanted) {
    return shown.load(find, (found) => show(found, wanted));
  }

  function show(found, wanted) {
    last = [found, wanted];
    const focused = groups.contains(document.activeElement) ? document.activeElement.id : null;
    const number = FACETS.reduce((sum, { name }) => sum + wanted[name].length, 0);
    chosen.textContent = number ? ` (${number})` : "";
    groups.replaceChildren(...FACETS.flatMap((facet) => group(facet, found[facet.filter] ?? [], wanted[facet.name])));
    if (focused) document.getElementById(focused)?.focus();
  }

  function group(facet, values, selected) {
    const missing = selected.filter((each) => !values.some(({ value }) => value === each));
    const all = [...missing.map((value) => ({ value, name: null, count: 0 })), ...values];
    if (!all.length) return [];
    const isShort = !unfolded.has(facet.name) && all.length > FEW + 1;
    const visible = isShort ? all.filter(({ value }, index) => index < FEW || selected.includes(value)) : all;
    const more =
      isShort &&
      h(
        "button",
        { type: "button", class: "plain", id: `more-${facet.name}`, onclick: () => unfold(facet) },
        `All ${count(all.length)}`,
      );
    return [
      h(
        "fieldset",
        {},
        h("legend", {}, facet.title),
        visible.map((value) => choice(facet, value, selected)),
        more,
      ),
    ];
  }

  function choice(facet, value, selected) {
    const box = h("input", {
      type: "checkbox",
      id: `facet-${facet.name}-${value.value}`,
      checked: selected.includes(value.value),
      onchange: (event) => choose(facet.name, value.value, event.target.checked),
    });
    return h(
      "label",
      {},
      box,
      h("span", { class: "name" }, facet.label(value)),
      h("span", { class: "count" }, count(value.count)),
    );
  }

  function unfold(facet) {
    unfolded.add(facet.name);
    show(...last);
    groups.querySelector(`[id^="facet-${facet.name}-"]`)?.focus();
  }

  return { element, load };
}

/** Open beside the results, closed above them. */
function followWidth(details) {
  const wide = matchMedia("(min-width: 900px)");
  const follow = () => (details.open = wide.matches);
  wide.addEventListener("change", follow);
  follow();
}
