/** A part of a view that is loaded from the hub: it shows that it is loading, what was found, or an error with a retry. */

import { loadingNotice, problemNotice } from "./notices.js";

const LOADING_DELAY = 200; // milliseconds; most answers are there before

/** `load(find, show)` shows what `find(signal)` gives, and gives true if it did; a later call cancels an earlier one.
 *  `viewSignal` ends with the view. */
export function region(element, viewSignal) {
  let latest = new AbortController();
  element.classList.add("region");

  async function load(find, show) {
    latest.abort();
    const own = (latest = new AbortController());
    const signal = AbortSignal.any([viewSignal, own.signal]);
    element.setAttribute("aria-busy", "true");
    const delayed = setTimeout(() => element.hasChildNodes() || element.replaceChildren(loadingNotice()), LOADING_DELAY);
    try {
      const found = await find(signal);
      if (signal.aborted) return false;
      show(found);
      return true;
    } catch (error) {
      if (error.name === "AbortError") return false;
      const again = error.status === 403 ? null : () => load(find, show);
      element.replaceChildren(problemNotice(error, again));
      return false;
    } finally {
      clearTimeout(delayed);
      if (latest === own) element.removeAttribute("aria-busy");
    }
  }

  return { load };
}
