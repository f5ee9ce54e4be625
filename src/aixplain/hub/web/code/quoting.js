/** Values as other languages write them. */

/** A value in Python: what JSON has, with Python's words. JSON's strings are Python's too. */
export function python(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([name, each]) => `${python(name)}: ${python(each)}`)
      .join(", ")}}`;
  return JSON.stringify(value);
}

const KEYWORDS = new Set(
  [
    "False None True and as assert async await break class continue def del elif else except finally for from global if",
    "import in is lambda nonlocal not or pass raise return try while with yield",
  ].flatMap((words) => words.split(" ")),
);

/** Arguments of a call in Python; names that Python can't write go as `**{…}`. Long ones take a line each. */
export function pythonArguments(values) {
  const entries = Object.entries(values);
  const isName = (name) => /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.has(name);
  const named = entries.filter(([name]) => isName(name)).map(([name, value]) => `${name}=${python(value)}`);
  const others = entries.filter(([name]) => !isName(name));
  const all = others.length ? [...named, `**${python(Object.fromEntries(others))}`] : named;
  const line = all.join(", ");
  return line.length <= 60 ? line : `\n    ${all.join(",\n    ")},\n`;
}

/** A word of a POSIX shell. */
export function shell(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** JSON as one word of a shell. */
export function shellJson(value) {
  return shell(JSON.stringify(value));
}
