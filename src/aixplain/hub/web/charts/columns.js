/** A chart of stacked columns, one for each day, drawn anew when its place grows or shrinks. */

import { h, s } from "../dom.js";
import { day } from "../format.js";

const HEIGHT = 240;
const ROOM = { top: 12, right: 4, bottom: 26, left: 48 };

/** `series` are `{name, values}`, a value a day; `label` says what is seen, `format` writes a value. */
export function columnChart({ days, series, label, format }) {
  const place = h("div", { class: "chart" });
  const watcher = new ResizeObserver(
    ([{ contentRect }]) => contentRect.width && place.replaceChildren(draw(contentRect.width)),
  );
  watcher.observe(place);

  function draw(width) {
    const totals = days.map((_, index) => series.reduce((sum, { values }) => sum + values[index], 0));
    const ticks = ticksFor(Math.max(...totals));
    const y = scale([0, ticks.at(-1)], [HEIGHT - ROOM.bottom, ROOM.top]);
    const step = (width - ROOM.left - ROOM.right) / days.length;
    const x = (index) => ROOM.left + step * index;
    return s(
      "svg",
      { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label },
      ticks.map((tick) => gridline(tick, y(tick), width, format)),
      days.map((each, index) => column(each, index, x(index), step, y)),
      days.map(
        (each, index) => isLabelled(index, days.length, step) && text(x(index) + step / 2, HEIGHT - 8, day(each), "middle"),
      ),
    );
  }

  function column(each, index, left, step, y) {
    const gap = Math.min(step * 0.25, 6);
    let below = 0;
    const parts = series.map(({ name, values }, number) => {
      const value = values[index];
      if (!value) return null;
      const [bottom, top] = [y(below), y(below + value)];
      below += value;
      const box = {
        x: left + gap / 2,
        y: top,
        width: step - gap,
        height: Math.max(bottom - top, 1),
        class: `series series-${number}`,
      };
      return s("rect", box, s("title", {}, `${day(each)}, ${name}: ${format(value)}`));
    });
    return s("g", {}, parts);
  }

  return place;
}

function gridline(tick, y, width, format) {
  return s(
    "g",
    {},
    s("line", { class: "grid", x1: ROOM.left, x2: width - ROOM.right, y1: y, y2: y }),
    text(ROOM.left - 8, y + 4, format(tick), "end"),
  );
}

function text(x, y, words, anchor) {
  return s("text", { x, y, "text-anchor": anchor }, words);
}

/** So many dates that they don't touch. */
function isLabelled(index, number, step) {
  const every = Math.max(1, Math.ceil(64 / step));
  return (number - 1 - index) % every === 0 && step * (number - index) >= 24;
}

function scale([low, high], [from, to]) {
  return (value) => from + ((value - low) / (high - low || 1)) * (to - from);
}

/** 0 and a few round numbers, up to one that is not below the largest value. */
export function ticksFor(largest) {
  if (!(largest > 0)) return [0, 1];
  const rough = largest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  return Array.from({ length: Math.ceil(largest / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}
