/** What a model answered, shown as what it is: text, data, audio, an image, video or a link. */

import { h } from "../dom.js";
import { decoded } from "../places.js";
import { jsonView } from "./json.js";

const ENDINGS = {
  image: /\.(png|jpe?g|gif|webp|avif|svg|bmp|ico)$/i,
  audio: /\.(mp3|wav|ogg|oga|opus|flac|m4a|aac|weba|aiff?)$/i,
  video: /\.(mp4|webm|mov|m4v|ogv|mkv)$/i,
};
const FUNCTIONS = {
  image: /image-(?:generation|manipulation|to-image)|inpainting|super-resolution/,
  audio: /speech-synthesis|audio-(?:generation|reconstruction)|text-to-(?:speech|audio)/,
  video: /video-generation|text-to-video/,
};
const ELEMENTS = { image: picture, audio: player("audio"), video: player("video") };
const KINDS = Object.keys(ELEMENTS);
const INLINE = /^data:(?:(image|audio|video|application)\/[\w.+-]+)?[;,]/i;

/** `functionId` helps with addresses that don't say what is there. */
export function answerView(data, functionId = "") {
  if (data === null || data === undefined || data === "") return h("p", { class: "soft" }, "The answer is empty.");
  if (typeof data === "string") return isAddress(data) ? media(data, functionId) : textView(data);
  if (Array.isArray(data) && data.length && data.every((each) => typeof each === "string" && isAddress(each))) {
    return h(
      "div",
      { class: "many" },
      data.map((each) => media(each, functionId)),
    );
  }
  return typeof data === "object" ? jsonView(data) : textView(String(data));
}

export function textView(text = "") {
  return h("div", { class: "text" }, text);
}

function isAddress(text) {
  return INLINE.test(text) || (!/\s/.test(text) && /^https?:\/\/[^/]/i.test(text) && URL.canParse(text));
}

function media(address, functionId) {
  const figure = h("figure", { class: "media link" }, h("figcaption", {}, link(address)));
  kindsOf(address, functionId).then((kinds) => showFirst(figure, address, kinds));
  return figure;
}

/** Above its link, the first of the kinds that the browser can show. */
function showFirst(figure, address, [kind, ...others]) {
  if (!kind) return;
  const element = ELEMENTS[kind](address);
  const replaced = () => {
    element.remove();
    figure.className = "media link";
    showFirst(figure, address, others);
  };
  if (others.length) element.addEventListener("error", replaced, { once: true });
  figure.className = `media ${kind}`;
  figure.prepend(element);
}

/** What is at an address, by its type or its ending. A model's function is only a guess: then the other kinds come after. */
async function kindsOf(address, functionId) {
  const kind = INLINE.exec(address)?.[1]?.toLowerCase() ?? byEnding(address) ?? (await typeOfOwnFile(address));
  if (KINDS.includes(kind)) return [kind];
  const guess = KINDS.find((each) => FUNCTIONS[each].test(functionId));
  return guess ? [guess, ...KINDS.filter((each) => each !== guess), null] : [];
}

function byEnding(address) {
  const { pathname } = new URL(address);
  return KINDS.find((kind) => ENDINGS[kind].test(pathname));
}

/** The hub tells the type of its own files. */
async function typeOfOwnFile(address) {
  if (new URL(address).origin !== location.origin) return undefined;
  try {
    const response = await fetch(address, { method: "HEAD" });
    return response.headers.get("content-type")?.split("/")[0];
  } catch {
    return undefined; // the link stays
  }
}

function link(address) {
  const isInline = INLINE.test(address);
  const name = isInline ? "Save" : decoded(new URL(address).pathname.split("/").pop() || "Open");
  const attributes = { href: address, target: "_blank", rel: "noopener noreferrer", download: isInline ? "answer" : null };
  return h("a", attributes, name);
}

function picture(address) {
  return h("img", { src: address, alt: "Image output", referrerpolicy: "no-referrer" });
}

function player(tag) {
  return (address) => h(tag, { src: address, controls: true, preload: "metadata" });
}
