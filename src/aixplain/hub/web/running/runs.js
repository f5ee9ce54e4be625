/** Running a model: in pieces, or in the background, where it survives this page. Each way yields what happens. */

import { Problem, ask, asProblem, encoded, send } from "../api.js";
import { eventsOf, read } from "./events.js";

const PATIENCE = 15; // polls in a row that may fail
export const OVER = new Set(["SUCCESS", "FAILED", "ABORTED", "CANCELED"]);

/** Yields `{noted: id}`, `{text}` and `{reasoning}` as they come, and at the end the envelope as `{ended}`. */
export async function* streamed(path, inputs, signal) {
  const response = await send("POST", `api/v2/execute/${encoded(path)}`, {
    body: { ...inputs, options: { stream: true } },
    signal,
  });
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    yield { ended: await response.json() };
    return;
  }
  yield { noted: response.headers.get("x-run-id") };
  const started = performance.now();
  const ending = { status: "SUCCESS", usage: null };
  let isWhole = false;
  try {
    for await (const event of eventsOf(response)) {
      const piece = read(event);
      if (piece.error) Object.assign(ending, { status: "FAILED", errorMessage: piece.error });
      ending.usage = piece.usage ?? ending.usage;
      ending.usedCredits = piece.credits ?? ending.usedCredits;
      isWhole ||= Boolean(piece.isEnd);
      if (piece.text || piece.reasoning) yield piece;
    }
  } catch (error) {
    throw asProblem(error);
  }
  if (!isWhole) throw new Problem("The stream was cut before its end. What came of it is above.");
  yield { ended: { ...ending, runTime: (performance.now() - started) / 1000 } };
}

/** Yields `{accepted: id}`, then `{progress}` while it goes on, and at the end the envelope as `{ended}`. */
export async function* inBackground(path, inputs, signal) {
  const accepted = await ask("POST", `api/v1/execute/${encoded(path)}`, { body: inputs, signal });
  yield { accepted: accepted.requestId };
  yield* followed(accepted.requestId, signal);
}

/** A run that was accepted, to its end. The hub holds each poll; it is held for a moment where progress is told. */
export async function* followed(id, signal) {
  let wait = 1;
  let failures = 0;
  for (;;) {
    try {
      const envelope = await ask("GET", resultOf(id), { headers: { prefer: `wait=${wait}` }, signal });
      failures = 0;
      if (OVER.has(envelope.status)) return yield { ended: envelope };
      yield { progress: envelope.progress ?? null };
      wait = typeof envelope.progress === "number" ? 1 : Math.min(wait * 2, 20);
    } catch (error) {
      failures += 1;
      if (error.name === "AbortError" || isFinal(error) || failures > PATIENCE) throw error;
      yield { waiting: error.message };
      await pause(1000, signal);
    }
  }
}

/** Gives a run up. Its last envelope is what the next poll gives. */
export function cancel(id) {
  return ask("DELETE", resultOf(id));
}

export function resultOf(id) {
  return `sdk/runs/${encodeURIComponent(id)}/result`;
}

function isFinal({ status }) {
  return status >= 400 && status < 500 && status !== 429;
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
