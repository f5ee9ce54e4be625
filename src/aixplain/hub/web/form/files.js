/** The control for files: chosen, dropped, or named by an address. They go up at once. */

import { h } from "../dom.js";
import { bytes } from "../format.js";
import { FILES, Invalid, kindOf } from "./kinds.js";
import { upload } from "./upload.js";

const INTERRUPTED = "The upload was interrupted. Remove the file and choose it again.";

export function filesFor(parameter, attributes) {
  const several = Boolean(parameter.multipleValues);
  let items = [];
  const list = h("ul", { class: "files" });
  const picker = h("input", {
    type: "file",
    ...attributes,
    accept: FILES[kindOf(parameter)] || null,
    multiple: several,
    onchange: () => take(picker.files),
  });
  const address = h("input", {
    type: "url",
    class: "code",
    placeholder: "or an address: https://…",
    "aria-label": `${parameter.name}, as an address`,
  });
  const words = `Drop ${several ? "files" : "a file"} here, or choose`;
  const zone = h(
    "div",
    { class: "zone", ondragover: dragged, ondragleave: left, ondrop: dropped },
    h("label", { for: attributes.id }, words),
    picker,
  );
  const element = h("div", { class: "upload" }, zone, list, address);

  function dragged(event) {
    event.preventDefault();
    zone.classList.add("over");
  }

  function left() {
    zone.classList.remove("over");
  }

  function dropped(event) {
    event.preventDefault();
    left();
    take(event.dataTransfer.files);
  }

  function take(files) {
    if (!several) [...items].forEach(drop);
    for (const file of several ? files : [...files].slice(0, 1)) begin(file);
    picker.value = "";
  }

  async function begin(file) {
    const bar = h("progress", { max: 1, value: 0, "aria-label": `Uploading ${file.name}` });
    const item = add(file, bar);
    changed();
    try {
      item.address = await upload(file, (share) => (bar.value = share), item.controller.signal);
      item.show("uploaded");
    } catch (error) {
      if (error.name === "AbortError") return;
      fail(item, error.message);
    }
    changed();
  }

  function fail(item, message) {
    item.problem = message;
    item.show(h("span", { class: "problem" }, message));
  }

  /** A line of the list. */
  function add({ name, size }, content) {
    const state = h("span", { class: "state", role: "status" }, content);
    const show = (next) => state.replaceChildren(next);
    const item = { name, size, show, controller: new AbortController(), address: null, problem: null };
    const remove = h(
      "button",
      { type: "button", class: "plain icon", "aria-label": `Remove ${name}`, onclick: () => removed(item) },
      "×",
    );
    item.element = h(
      "li",
      {},
      h("span", { class: "name" }, name),
      h("span", { class: "soft" }, bytes(size)),
      state,
      remove,
    );
    items.push(item);
    list.append(item.element);
    return item;
  }

  function removed(item) {
    drop(item);
    picker.focus();
    changed();
  }

  function drop(item) {
    item.controller.abort();
    item.element.remove();
    items = items.filter((each) => each !== item);
  }

  function changed() {
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function read() {
    const failed = items.find(({ problem }) => problem);
    if (failed) throw new Invalid(failed.problem);
    if (items.some(({ address }) => !address)) throw new Invalid("The file is still uploading. Wait until it is uploaded, or remove it.");
    const addresses = [...items.map((item) => item.address), address.value.trim()].filter(Boolean);
    if (!several && addresses.length > 1) throw new Invalid("This takes one file: remove it, or the address.");
    return several && addresses.length ? addresses : addresses[0];
  }

  function state() {
    const files = items.map(({ name, size, address }) => ({ name, size, address }));
    return files.length || address.value ? { files, address: address.value } : undefined;
  }

  function restore({ files = [], address: written = "" } = {}) {
    [...items].forEach(drop);
    for (const file of files) {
      const item = add(file, "uploaded");
      item.address = file.address;
      if (!file.address) fail(item, INTERRUPTED);
    }
    address.value = written;
  }

  return { element, read, state, restore };
}
