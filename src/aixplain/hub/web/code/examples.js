/** Values for inputs that a run needs and the form doesn't hold yet, so that the code runs as it stands. */

import { FILES, defaultOf, kindOf, mainOf, optionsOf } from "../form/kinds.js";

const ENDINGS = { audio: "audio.mp3", image: "image.png", video: "video.mp4", document: "document.pdf" };
const VALUES = { number: 1, boolean: true, json: {}, array: [] };

/** A file beside the program: for the clients that upload it. */
export const localFile = (kind) => ENDINGS[kind];

/** The address of a file: for the clients that upload nothing. */
export const fileAddress = (kind) => `https://example.com/${ENDINGS[kind]}`;

/** The inputs, with an example for each that is needed and not set. */
export function withExamples({ model, inputs }, fileExample) {
  const parameters = model.params ?? [];
  const main = "messages" in inputs ? null : mainOf(parameters);
  const missing = parameters.filter(
    (each) => (each.required || each === main) && !(each.name in inputs) && defaultOf(each) === undefined,
  );
  return { ...Object.fromEntries(missing.map((each) => [each.name, example(each, fileExample)])), ...inputs };
}

function example(parameter, fileExample) {
  const value = exampleValue(parameter, fileExample);
  return parameter.multipleValues ? [value] : value;
}

function exampleValue(parameter, fileExample) {
  const [option] = optionsOf(parameter);
  const kind = kindOf(parameter);
  if (option) return option.value;
  if (kind in FILES) return fileExample(kind);
  if (kind === "number") return parameter.minimum ?? Math.min(VALUES.number, parameter.maximum ?? VALUES.number);
  return VALUES[kind] ?? "Hello";
}
