/** Which view is shown: the address chooses it, and this puts it on the page. */

import { h, say } from "./dom.js";
import { decoded, here } from "./places.js";
import { problemNotice } from "./parts/notices.js";
import * as session from "./session.js";
import { startTheme } from "./theme.js";

/** Address -> view. `show({match, query, signal})` gives `{title, content}`, and `update` when it can take another query. */
const VIEWS = [
  [/^\/$/, () => import("./views/catalog.js")],
  [/^\/models\/(.+)$/, () => import("./views/model.js")],
  [/^\/runs$/, () => import("./views/runs.js")],
  [/^\/runs\/([^/]+)$/, () => import("./views/run.js")],
  [/^\/usage$/, () => import("./views/usage.js")],
  [/^\/keys$/, () => import("./views/keys.js")],
];
const NOWHERE = [/.*/, () => import("./views/nowhere.js")];
const SIGN_IN = () => import("./views/sign-in.js");

const main = document.getElementById("main");
let shown = { path: null, controller: new AbortController() };
let isFirst = true;

async function go(load = null) {
  const { path, query } = here();
  if (load && load === shown.load) return;
  if (!load && path === shown.path && shown.update) return shown.update(query);
  shown.controller.abort();
  const controller = new AbortController();
  shown = { path: load ? null : path, load, controller };
  const [pattern, view] = VIEWS.find(([each]) => each.test(path)) ?? NOWHERE;
  markNavigation(path);
  try {
    const { show } = await (load ?? view)();
    const found = await show({ match: path.match(pattern).slice(1).map(decoded), query, signal: controller.signal, again: go });
    if (!controller.signal.aborted) put(found);
  } catch (error) {
    if (error.name !== "AbortError" && !controller.signal.aborted) put({ title: "A problem", content: failed(error) });
  }
}

function put({ title, content, update, focus }) {
  shown.update = update;
  main.replaceChildren(content);
  document.title = `${title} · Hub`;
  if (isFirst && !focus) isFirst = false;
  else arrive(title, focus);
}

/** Those who use the keyboard, or listen, are where the new content begins. */
function arrive(title, focus) {
  isFirst = false;
  scrollTo(0, 0);
  const heading = main.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  (focus ?? heading ?? main).focus({ preventScroll: true });
  say(title);
}

/** A module that can't be loaded is one that a newer hub doesn't have, or the hub is gone. */
function failed(error) {
  const isOld = error instanceof TypeError;
  const words = isOld
    ? new Error("This part of the page could not be loaded. The hub may have been updated or stopped; load the page again.")
    : error;
  return h("div", { class: "column" }, h("h1", {}, "That didn't work"), problemNotice(words));
}

function markNavigation(path) {
  for (const link of document.querySelectorAll("nav a")) {
    const target = link.hash.slice(1);
    const isHere =
      target === "/" ? path === "/" || path.startsWith("/models/") : path === target || path.startsWith(`${target}/`);
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.getElementById("sign-out").hidden = !session.key();
}

addEventListener("hashchange", () => {
  if (location.hash !== "#main") go();
});
addEventListener("unauthorized", () => {
  session.forget();
  go(SIGN_IN);
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
document.getElementById("sign-out").addEventListener("click", () => {
  session.forget();
  go(SIGN_IN);
});
startTheme(document.getElementById("theme"));
go();
