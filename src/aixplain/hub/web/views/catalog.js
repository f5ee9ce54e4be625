/** The catalog: search as you type, filters with counts, pages. What is looked for stands in the address. */

import { ask } from "../api.js";
import { h, say, settled } from "../dom.js";
import { count } from "../format.js";
import { to } from "../places.js";
import { region } from "../parts/region.js";
import { FACETS, facetList } from "./catalog-facets.js";
import { modelList, moveInList } from "./catalog-list.js";

const SIZE = 20;
const TYPING = 70; // milliseconds; the hub takes a few
const SORTS = {
  "": "Best match",
  name: "Name",
  "-createdAt": "Newest",
  "-updatedAt": "Changed last",
  normalizedPrice: "Price",
};

/** The model that was opened last, and from where: whoever comes back is there again. */
let left = { address: null, href: null };

export function show({ query, signal }) {
  const catalog = new Catalog(query, signal);
  return { title: "Models", content: catalog.element, focus: catalog.input, update: (next) => catalog.update(next) };
}

class Catalog {
  constructor(query, signal) {
    this.signal = signal;
    const typed = settled(TYPING, () => this.typed());
    this.input = h("input", {
      type: "search",
      id: "search",
      placeholder: "Search by what a model does, its name or its maker",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": "Search the models",
      oninput: () => {
        this.isFresh = false;
        typed();
      },
      onkeydown: (event) => this.pressed(event),
    });
    this.sort = h("select", { "aria-label": "Order", onchange: () => this.turn({ sort: this.sort.value, page: null }) });
    this.sort.append(...Object.entries(SORTS).map(([value, words]) => h("option", { value }, words)));
    this.total = h("p", { class: "total" });
    this.results = h("div", {
      class: "results",
      onclick: leaving,
      onkeydown: (event) => moveInList(event, this.results, this.input),
    });
    this.list = region(this.results, signal);
    this.facets = facetList((name, value, isWanted) => this.choose(name, value, isWanted), signal);
    this.element = h(
      "div",
      { class: "catalog" },
      h("h1", { class: "unseen" }, "Models"),
      h("div", { class: "searching" }, this.input, h("kbd", { "aria-hidden": "true" }, "/")),
      this.facets.element,
      h("section", { "aria-label": "Results" }, h("div", { class: "bar" }, this.total, this.sort), this.results),
    );
    addEventListener("keydown", (event) => this.summoned(event), { signal });
    this.update(query);
  }

  /** Take what the address says. */
  update(query) {
    const wanted = { q: query.get("q") ?? "", sort: query.get("sort") ?? "", page: Number(query.get("page")) || 1 };
    for (const { name } of FACETS) wanted[name] = query.getAll(name);
    this.wanted = wanted;
    if (this.input.value.trim() !== wanted.q) this.input.value = wanted.q;
    this.sort.value = wanted.sort;
    this.look();
  }

  /** A step to go back from. */
  turn(changes) {
    location.hash = this.address(changes);
  }

  choose(name, value, isWanted) {
    const others = this.wanted[name].filter((each) => each !== value);
    this.turn({ [name]: isWanted ? [...others, value] : others, page: null });
  }

  address(changes) {
    const next = { ...this.wanted, ...changes };
    return to("/", { ...next, page: next.page > 1 ? next.page : null });
  }

  typed() {
    if (this.signal.aborted) return;
    this.wanted = { ...this.wanted, q: this.input.value.trim(), page: 1 };
    history.replaceState(null, "", this.address({}));
    this.look();
  }

  /** The models first, then the numbers beside the filters. */
  async look() {
    const body = this.body();
    const find = (signal) => ask("POST", "v2/models/paginate", { body, signal });
    const isFound = await this.list.load(find, (page) => this.found(page));
    if (isFound) this.facets.load((signal) => ask("POST", "v2/models/facets", { body, signal }), this.wanted);
  }

  body() {
    const { q, sort, page } = this.wanted;
    const body = { pageNumber: page - 1, pageSize: SIZE, sort: [{}] };
    if (sort) body.sort = [{ field: sort.replace("-", ""), dir: sort.startsWith("-") ? -1 : 1 }];
    if (q) body.q = q;
    for (const { name, filter } of FACETS) if (this.wanted[name].length) body[filter] = this.wanted[name];
    return body;
  }

  found(page) {
    const words = `${count(page.total)} ${page.total === 1 ? "model" : "models"}`;
    this.total.textContent = words;
    this.results.replaceChildren(...modelList(page, SIZE, this.wanted, (number) => this.address({ page: number + 1 })));
    announce(words);
    this.isFresh = this.input.value.trim() === this.wanted.q;
    if (this.isFresh && this.isAwaited) this.open();
    else this.comeBack();
  }

  comeBack() {
    const link = left.address === location.hash && this.results.querySelector(`[href="${CSS.escape(left.href)}"]`);
    left = { address: null, href: null };
    if (!link) return;
    link.focus();
    link.scrollIntoView({ block: "center" });
  }

  pressed(event) {
    if (event.key === "Enter") this.open();
    else if (event.key === "Escape" && this.input.value) {
      event.preventDefault();
      this.input.value = "";
      this.typed();
    } else moveInList(event, this.results, this.input);
  }

  /** Open the first result: of what is written, so perhaps when it is there. */
  open() {
    this.isAwaited = !this.isFresh;
    if (this.isFresh) this.results.querySelector("a")?.click();
  }

  summoned(event) {
    const isWriting = event.target.closest("input, textarea, select");
    if (event.key !== "/" || isWriting || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.input.select();
  }
}

function leaving(event) {
  const link = event.target.closest(".models a");
  if (link) left = { address: location.hash, href: link.getAttribute("href") };
}

const announce = settled(600, say);
