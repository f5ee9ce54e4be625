/** What a parameter takes, as the hub checks it. */

export const FILES = { audio: "audio/*", image: "image/*", video: "video/*", document: "" };
const FINER = new Set(["number", "json", "boolean"]);

/** The type that counts: of text, the sub-type, where it says more. */
export function kindOf({ dataType, dataSubType }) {
  return dataType === "text" && FINER.has(dataSubType) ? dataSubType : (dataType ?? "text");
}

/** The value in `{"value": …}`, or the item itself where a service sends it bare. */
export function bare(item) {
  return item !== null && typeof item === "object" && "value" in item ? item.value : item;
}

export function optionsOf(parameter) {
  if (parameter.availableOptions?.length)
    return parameter.availableOptions.map((each) => ({ value: bare(each), label: String(each?.label ?? bare(each)) }));
  return kindOf(parameter) === "boolean" ? [true, false].map((value) => ({ value, label: String(value) })) : [];
}

/** The value that the model takes when none is given; undefined where it doesn't say. */
export function defaultOf({ defaultValues = [], multipleValues }) {
  const values = defaultValues.map(bare);
  return multipleValues && values.length > 1 ? values : values[0];
}

/** A default as it is told beside an input. */
export function told(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The input that a bare text is for. */
export function mainOf(parameters) {
  return parameters.find(({ name }) => name === "text") ?? parameters.find(({ required }) => required) ?? null;
}

/** A value that can't be sent; its message stands by the field. */
export class Invalid extends Error {}
