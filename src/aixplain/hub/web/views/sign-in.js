/** Asking for the key of a hub that wants one. */

import { send } from "../api.js";
import { h } from "../dom.js";
import * as session from "../session.js";

export function show({ again }) {
  const field = h("input", {
    type: "password",
    id: "key",
    autocomplete: "current-password",
    required: true,
    "aria-describedby": "key-hint key-problem",
  });
  const onDevice = h("input", { type: "checkbox", id: "on-device" });
  const problem = h("p", { class: "problem", id: "key-problem", role: "alert" });
  const button = h("button", { class: "main" }, "Sign in");

  async function submitted(event) {
    event.preventDefault();
    const value = field.value.trim();
    problem.textContent = value ? "" : "Write the key here.";
    if (!value) return field.focus();
    button.disabled = true;
    try {
      await send("GET", "sdk/runs?pageSize=1", { key: value });
      session.keep(value, { onDevice: onDevice.checked });
      await again();
    } catch (error) {
      problem.textContent =
        error.status === 401 ? "The hub doesn't know this key. It may be misspelt, revoked or expired." : error.message;
      field.select();
    } finally {
      button.disabled = false;
    }
  }

  const content = h(
    "form",
    { class: "sign-in", novalidate: true, onsubmit: submitted },
    h("h1", {}, "This hub wants a key"),
    h("p", { class: "soft", id: "key-hint" }, "It is kept for this tab, and sent to this hub alone."),
    h("label", { for: "key" }, "Key"),
    field,
    problem,
    h("label", { class: "check", for: "on-device" }, onDevice, "Keep it on this device"),
    button,
  );
  return { title: "Sign in", content, focus: field };
}
