/** Elements from JavaScript. What models and people wrote becomes text, never HTML: there is no other way to make one. */

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "indeterminate"]);

/** `h("a", {href: "#/"}, "Models")`. Handlers are `onclick`; what is null or false is left out. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for drawings. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) put(element, name, value);
  element.append(...children.flat(Infinity).filter(isShown));
  return element;
}

function put(element, name, value) {
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (PROPERTIES.has(name)) element[name] = value ?? (name === "value" ? "" : false);
  else if (value === true) element.setAttribute(name, "");
  else if (isShown(value)) element.setAttribute(name, value);
}

function isShown(value) {
  return value !== null && value !== undefined && value !== false;
}

let number = 0;

/** An id that no other element has. */
export function newId(prefix) {
  number += 1;
  return `${prefix}-${number}`;
}

/** Says something to those who listen to the page. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** `call`, once nothing more came for so many milliseconds. */
export function settled(milliseconds, call) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), milliseconds);
  };
}
