/** What a model answered, shown as what it is: text, data, sound, picture, film or a link. */

import { h } from "../dom.js";
import { decoded } from "../places.js";
import { jsonView } from "./json.js";

const ENDINGS = {
  image: /\.(png|jpe?g|gif|webp|avif|svg|bmp)$/i,
  audio: /\.(mp3|wav|ogg|oga|opus|flac|m4a|aac)$/i,
  video: /\.(mp4|webm|mov|m4v|ogv)$/i,
};
const BY_FUNCTION = {
  image: /image-generation|image-manipulation|inpainting|super-resolution/,
  audio: /speech-synthesis|audio-(?:generation|reconstruction)|text-to-speech/,
  video: /video-generation/,
};
const SHOWN = { image: picture, audio: player("audio"), video: player("video"), link: () => null };
const INLINE = /^data:(image|audio|video)\/[\w.+-]+[;,]/;

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
  const inline = INLINE.exec(address)?.[1];
  const path = inline ? "" : new URL(address).pathname;
  const kinds = Object.keys(ENDINGS);
  const kind =
    inline ??
    kinds.find((each) => ENDINGS[each].test(path)) ??
    kinds.find((each) => BY_FUNCTION[each].test(functionId)) ??
    "link";
  const shown = SHOWN[kind](address);
  return h("figure", { class: `media ${kind}` }, shown, h("figcaption", {}, link(address, path)));
}

function link(address, path) {
  const name = decoded(path.split("/").pop() || "Open");
  return h(
    "a",
    { href: address, target: "_blank", rel: "noopener noreferrer", download: address.startsWith("data:") ? "answer" : null },
    path ? name : "Save it",
  );
}

function picture(address) {
  return h("img", { src: address, alt: "The answer, a picture", referrerpolicy: "no-referrer" });
}

function player(tag) {
  return (address) => h(tag, { src: address, controls: true, preload: "metadata" });
}
