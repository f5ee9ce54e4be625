/** The page's own addresses: `#/models/acme/shout?text=hi`. */

import { encoded } from "./api.js";

/** Where the page is: its path, and what stands after the question mark. */
export function here() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  return { path: path || "/", query: new URLSearchParams(query) };
}

/** A part of an address as it was meant; one that is no encoding is as it stands. */
export function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function toModel(path) {
  return `#/models/${encoded(path)}`;
}

export function toRun(id) {
  return `#/runs/${encodeURIComponent(id)}`;
}

/** An address of the page, with what is set of these. */
export function to(path, query = {}) {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) if (each !== null && each !== undefined && each !== "") set.append(name, each);
  }
  const text = set.toString();
  return `#${path}${text && "?"}${text}`;
}
