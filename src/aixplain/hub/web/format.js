/** Figures, times and names as people read them. */

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const LANGUAGES = new Intl.DisplayNames("en", { type: "language", fallback: "code" });
const SPANS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

export const count = (value) => NUMBER.format(value);
export const short = (value) => SHORT.format(value);
export const moment = (iso) => MOMENT.format(new Date(iso));
/** How a run's id ends, as `aix runs list` has it too: how it begins is the time, which runs share. */
export const shortId = (id) => id.slice(-8);
export const day = (iso) => DAY.format(new Date(iso));

/** `12 min. ago`. */
export function ago(iso, now = Date.now()) {
  const seconds = (new Date(iso) - now) / 1000;
  const [unit, length] = SPANS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return AGO.format(Math.trunc(seconds / length), unit);
}

/** `0.52 s`, `3 min 20 s`. */
export function duration(seconds) {
  if (seconds < 0.0995) return `${count(Math.round(seconds * 1e4) / 10)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.995 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function bytes(size) {
  const [value, unit] = size < 1e3 ? [size, "B"] : size < 1e6 ? [size / 1e3, "kB"] : [size / 1e6, "MB"];
  return `${value < 10 && unit !== "B" ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** `text-generation` -> `Text generation`. */
export function functionName(id) {
  const words = String(id).replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function language(code) {
  if (code === "mul") return "Any language";
  try {
    return LANGUAGES.of(code);
  } catch {
    return code;
  }
}

const SCALES = { K: "1,000 ", M: "1,000,000 " };

/** `Free`, or `0.1 credits per 1,000 tokens`; nothing when the catalog doesn't tell. */
export function price({ price, unitType, unitTypeScale } = {}) {
  if (price === null || price === undefined) return null;
  if (price === 0) return "Free";
  const unit = (unitType ?? "run").toLowerCase();
  const scale = SCALES[unitTypeScale] ?? "";
  return `${count(price)} credits per ${scale}${unit}${scale ? "s" : ""}`;
}

/** Tokens and credits, where they are known. */
export function tokens(usage) {
  const total = usage?.total_tokens ?? null;
  if (total === null) return null;
  const parts = [
    ["in", usage.prompt_tokens],
    ["out", usage.completion_tokens],
  ].filter(([, part]) => part !== null && part !== undefined);
  const split = parts.length ? ` (${parts.map(([name, part]) => `${count(part)} ${name}`).join(", ")})` : "";
  return `${count(total)}${split}`;
}
