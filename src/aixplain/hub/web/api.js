/** Requests to the hub that this page came from. What goes wrong is a `Problem`, whose message is a sentence to show. */

import * as session from "./session.js";

/** The hub's address, with a slash at its end. */
export const ROOT = new URL(".", location.href.split("#")[0]).href;

export class Problem extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** The answer of the hub, decoded. Raises `Problem`, and `AbortError` when `signal` says that nobody waits for it any more. */
export async function ask(method, path, { body, headers, signal } = {}) {
  const response = await send(method, path, { body, headers, signal });
  return decoded(await text(response));
}

/** The answer as it comes: for streams. */
export async function send(method, path, { body, headers = {}, signal, key = session.key() } = {}) {
  const sent = { ...headers };
  if (key) sent["x-api-key"] = key;
  if (body !== undefined) sent["content-type"] = "application/json";
  const response = await reached(ROOT + path, {
    method,
    headers: sent,
    body: body && JSON.stringify(body),
    signal,
    cache: "no-store",
  });
  if (response.ok) return response;
  if (response.status === 401 && key === session.key()) dispatchEvent(new Event("unauthorized"));
  throw new Problem(sentence(await text(response), response.status), response.status);
}

/** A path in an address: its slashes stay. */
export function encoded(path) {
  return path.split("/").map(encodeURIComponent).join("/");
}

async function reached(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    throw asProblem(error);
  }
}

async function text(response) {
  try {
    return await response.text();
  } catch (error) {
    throw asProblem(error);
  }
}

/** What the browser says of a connection, in words. */
export function asProblem(error) {
  if (error.name === "AbortError" || error instanceof Problem) return error;
  return new Problem("The hub doesn't answer. It may have stopped, or the network is gone; try again in a moment.");
}

function decoded(body) {
  try {
    return body ? JSON.parse(body) : null;
  } catch {
    throw new Problem("The hub answered with something that is no JSON. Is there a proxy in between?");
  }
}

/** The message in an error's body, or what its status means. */
export function sentence(body, status) {
  try {
    const { message } = JSON.parse(body);
    if (message) return Array.isArray(message) ? message.join(" ") : String(message);
  } catch {
    /* A body that is no JSON comes from something in between. */
  }
  return `The hub refused this with status ${status}.`;
}
