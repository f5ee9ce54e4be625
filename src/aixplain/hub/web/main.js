/** Which view is shown: the address chooses it, and this puts it on the page. */

import { h, say } from "./dom.js";
import { decoded, here } from "./places.js";
import { discardAll } from "./form/drafts.js";
import { loadingNotice, problemNotice } from "./parts/notices.js";
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
const LOADING_DELAY = 200; // milliseconds; most views are there before

const main = document.getElementById("main");
let shown = { path: null, controller: new AbortController() };
let isFirst = true;

/** Show the view of the address, or `view`, such as the sign-in. A view that is shown already takes a new query, unless `fresh`. */
async function go({ view = null, fresh = false } = {}) {
  const { path, query } = here();
  if (view && view === shown.view) return;
  if (!view && !fresh && path === shown.path && shown.update) return shown.update(query);
  shown.controller.abort();
  const controller = new AbortController();
  shown = { path: view ? null : path, view, controller };
  const [pattern, load] = VIEWS.find(([each]) => each.test(path)) ?? NOWHERE;
  markNavigation(path);
  const delayed = setTimeout(() => main.replaceChildren(loadingNotice()), LOADING_DELAY);
  controller.signal.addEventListener("abort", () => clearTimeout(delayed));
  try {
    const { show } = await loaded(view ?? load);
    const found = await show({ match: path.match(pattern).slice(1).map(decoded), query, signal: controller.signal, again: go });
    if (!controller.signal.aborted) put(found);
  } catch (error) {
    if (error.name !== "AbortError" && !controller.signal.aborted) put({ title: "Error", content: failed(error) });
  } finally {
    clearTimeout(delayed);
  }
}

/** A module that can't be loaded is one that a newer hub doesn't have, or the hub is gone. */
async function loaded(load) {
  try {
    return await load();
  } catch (error) {
    const words = "This part of the page could not be loaded. The hub may have been updated or stopped.";
    throw Object.assign(new Error(words, { cause: error }), { isOldPage: true });
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

function failed(error) {
  const again = error.isOldPage ? () => location.reload() : () => go({ fresh: true });
  const notice = problemNotice(error, again, error.isOldPage ? "Load the page again" : "Try again");
  return h("div", { class: "column" }, h("h1", {}, "This page could not be shown"), notice);
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
/** The hub refused the key, or wants one. A new tab takes the key of another one that is signed in. */
let isJoining = false;
addEventListener("unauthorized", async () => {
  shown.controller.abort();
  if (isJoining) return;
  isJoining = true;
  session.refuse();
  const isSignedIn = await session.joinOtherTab();
  isJoining = false;
  go(isSignedIn ? { fresh: true } : { view: SIGN_IN });
});
session.follow({ signedIn: () => shown.view === SIGN_IN && go(), signedOut: () => go({ view: SIGN_IN }) });
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
document.getElementById("sign-out").addEventListener("click", () => {
  session.signOut();
  discardAll();
  go({ view: SIGN_IN });
});
startTheme(document.getElementById("theme"));
go();
