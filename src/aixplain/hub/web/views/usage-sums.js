/** The rows of `GET /sdk/usage`, as the sums and series that the page shows. */

const MOST = 6; // series with a colour of their own
const OTHERS = "others";
const DAY = 86_400_000;

/** What can be counted; null is not known. */
export const MEASURES = {
  runs: { title: "Runs", of: ({ runs }) => runs },
  tokens: { title: "Tokens", of: ({ usage }) => usage?.total_tokens ?? null },
  credits: { title: "Credits", of: ({ usedCredits }) => usedCredits ?? null },
};

/** The last so many days with today, as the hub writes them: in UTC. */
export function daysOf(number, now = Date.now()) {
  return Array.from({ length: number }, (_, index) => new Date(now - (number - 1 - index) * DAY).toISOString().slice(0, 10));
}

/** The sums of each model or key, the most used first. */
export function sumsOf(rows, by) {
  const sums = new Map();
  for (const row of rows) {
    const sum = sums.get(row[by]) ?? {
      id: row[by],
      name: nameOf(row, by),
      runs: 0,
      failed: 0,
      seconds: 0,
      tokens: null,
      credits: null,
    };
    sum.runs += row.runs;
    sum.failed += row.failed;
    sum.seconds += row.runTime;
    sum.tokens = plus(sum.tokens, MEASURES.tokens.of(row));
    sum.credits = plus(sum.credits, MEASURES.credits.of(row));
    sums.set(row[by], sum);
  }
  return [...sums.values()].sort((one, other) => other.runs - one.runs);
}

/** A series for each of those with the most of a measure, and one for all others: `{name, values}`, a value a day. */
export function seriesOf(rows, days, by, measure, sums) {
  const ranked = sums.filter((sum) => sum[measure]).sort((one, other) => other[measure] - one[measure]);
  const own = ranked.length > MOST + 1 ? ranked.slice(0, MOST) : ranked;
  const series = new Map(own.map(({ id, name }) => [id, { name, values: days.map(() => 0) }]));
  if (own.length < ranked.length)
    series.set(OTHERS, { name: `${ranked.length - own.length} others`, values: days.map(() => 0) });
  for (const row of rows) {
    const index = days.indexOf(row.day);
    const value = MEASURES[measure].of(row);
    if (index >= 0 && value) (series.get(row[by]) ?? series.get(OTHERS)).values[index] += value;
  }
  return [...series.values()];
}

function nameOf(row, by) {
  if (by === "model") return row.model;
  return row.keyName || row.key || "without a key";
}

function plus(one, other) {
  return other === null ? one : (one ?? 0) + other;
}
