/** What the hub says of inputs, by the field that it is about. */

const LEAD = /^Parameter validation failed: /;
const NEXT = /; (?=(?:Required parameter|Parameter) ')/;
const ABOUT = /^(?:Required parameter|Parameter) '([^']+)'/;

/** `{found: {name: sentence}, rest}`; `rest` is what no field of these names can show. */
export function byField(message, names) {
  const found = {};
  const rest = [];
  for (const sentence of message.replace(LEAD, "").split(NEXT)) {
    const name = ABOUT.exec(sentence)?.[1];
    if (names.includes(name)) found[name] = found[name] ? `${found[name]} ${sentence}` : sentence;
    else rest.push(sentence);
  }
  return { found, rest: rest.join("; ") };
}
