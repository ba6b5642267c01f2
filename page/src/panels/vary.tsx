/** One number of the document varied, or the size that a name stands for: the curve of a metric, with its budget. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Options } from "../api";
import type { Mark } from "../editor/marks";
import { cut } from "../formulas";
import { full } from "../grouping";
import { isBytes, measure } from "../numbers";
import type { Report } from "../types";
import { held, limitOf, MOST, ofMark, ofName, type Point, UNKNOWN, valuesOf } from "../vary";
import { LIMITS } from "./budgets";
import { axis, POWERS, token, upright } from "./plot";

interface VaryProps {
  report: Report | null;
  text: string | null; // null where the document is no text
  marked: Mark | null; // the number that was clicked on
  choices: Mark[]; // the numbers of the layer that is selected
  options: Options;
  limits: Record<string, string>;
  binary: boolean;
  theme: string;
  mark(one: Mark | null): void;
  put(mark: Mark, value: number): void;
  bind(name: string, value: number): void;
}

const POINTS = 32; // of a range that nobody has chosen

const keyOf = (one: Mark): string => `${one.label} @${one.from}`;

/** About a quarter to four times a value, in steps of a power of two. */
function rangeAround(value: number, low = 1, high: number | null = null): [number, number, number] {
  const to = Math.min(high ?? Infinity, Math.max(value * 4, low + 8));
  const step = 2 ** Math.max(0, Math.ceil(Math.log2((to - value / 4) / POINTS)));
  return [Math.max(low, Math.floor(value / 4 / step) * step), to, step];
}

export function Vary({ report, text, marked, choices, options, limits, binary, theme, mark, put, bind }: VaryProps) {
  const names = Object.keys(report?.dims ?? {});
  const [chosen, setChosen] = useState("");
  const [metric, setMetric] = useState("flops");
  const [range, setRange] = useState<[number, number, number]>([1, 64, 1]);
  const [others, setOthers] = useState<Record<string, number | null>>({});
  const [found, setFound] = useState<{ points: Point[]; fault?: string }>({ points: [] });
  const [picked, setPicked] = useState<Point | null>(null);
  const byName = marked ? null : names.includes(chosen) ? chosen : names[0] ?? null;
  const what = byName ?? (marked ? keyOf(marked) : "");
  useEffect(() => {
    const dim = byName ? report!.dims![byName] : null;
    if (dim) setRange(rangeAround(dim.max ? Math.round((dim.min + dim.max) / 2) : Math.max(64, dim.min), dim.min, dim.max));
    else if (marked) setRange(rangeAround(marked.value, Math.min(marked.value, 1)));
    setPicked(null);
  }, [what]);

  const [from, to, step] = range;
  const values = useMemo(() => (step >= 1 && to >= from ? valuesOf(from, to, step) : []), [from, to, step]);
  const wrong = !values.length ? "The range has no value: from is to be at most to, and a step at least 1." : values.length > MOST ? `At most ${MOST} values are drawn; take a larger step.` : null;
  useEffect(() => {
    if (wrong || (!byName && !marked)) return setFound({ points: [] });
    if (byName) return setFound({ points: ofName(report!, byName, metric, values, others) });
    const abort = new AbortController();
    const wait = setTimeout(
      () =>
        ofMark(text!, marked!, metric, values, step, options, abort.signal).then(
          (points) => setFound({ points }),
          (error) => abort.signal.aborted || setFound({ points: [], fault: error.message }),
        ),
      150,
    );
    return () => (clearTimeout(wait), abort.abort());
  }, [what, metric, values, others, options, byName ? report : text]);

  const limit = limitOf(limits[metric]);
  const title = LIMITS.find(([key]) => key === metric)![1];
  const label = byName ?? marked?.label ?? "";
  const written = (y: Point["y"]) => measure(metric, y, binary);
  const edge = limit !== null && found.points.length ? held(found.points, limit) : null;
  const refused = found.points.filter((one) => one.y === null);
  const bound = (index: 0 | 1 | 2) => (event: { currentTarget: HTMLInputElement }) => {
    const next: [number, number, number] = [...range];
    next[index] = Math.floor(Number(event.currentTarget.value));
    if (Number.isFinite(next[index])) setRange(next);
  };
  return (
    <section class="vary pad" aria-label="Vary">
      <div class="actions">
        <label class="field"><span>Vary</span>
          <select value={what} onChange={(event) => {
            const { value } = event.currentTarget;
            if (names.includes(value)) setChosen(value);
            mark(choices.find((one) => keyOf(one) === value) ?? null);
          }}>
            {!what && <option value="">nothing yet</option>}
            {names.map((one) => <option value={one}>{one}, a size</option>)}
            {[...new Map([...(marked ? [marked] : []), ...choices].map((one) => [one.from, one])).values()].map((one) => <option value={keyOf(one)}>{one.label} = {one.value}</option>)}
          </select>
        </label>
        {what && (
          <>
            <label class="field"><span>from</span><input type="number" value={from} onInput={bound(0)} /></label>
            <label class="field"><span>to</span><input type="number" value={to} onInput={bound(1)} /></label>
            <label class="field"><span>step</span><input type="number" min="1" value={step} onInput={bound(2)} /></label>
            {byName && names.filter((one) => one !== byName).map((one) => (
              <label class="field"><span>{one}</span><input type="number" min="1" placeholder={`as ${byName}`} value={others[one] ?? ""} onInput={(event) => setOthers({ ...others, [one]: Math.floor(Number(event.currentTarget.value)) || null })} /></label>
            ))}
            <label class="field"><span>see</span>
              <select value={metric} onChange={(event) => setMetric(event.currentTarget.value)}>{LIMITS.map(([key, one]) => <option value={key}>{one}</option>)}</select>
            </label>
          </>
        )}
      </div>
      {!what && <p class="soft">{text === null ? "A file has no number to vary but sizes that have names." : "Click on a number in the text, or select a layer and choose one of its numbers."}</p>}
      {what && wrong && <p class="wrong">{wrong}</p>}
      {found.fault && <p class="wrong" role="status">{found.fault}</p>}
      {what && !wrong && found.points.length > 0 && (
        <Curve
          points={found.points} limit={limit} now={marked && !byName ? marked.value : null} title={`${title} by ${label}`} name={label} theme={theme}
          written={written} bytes={binary && isBytes(metric)} pick={setPicked}
        />
      )}
      {what && found.points.length > 0 && (
        <div role="status">
          {edge && <p class={edge.last ? "fine" : "wrong"}>{edge.last ? `${limits[metric]} holds up to ${label} = ${full().format(edge.last.x)}: ${written(edge.last.y)}.` : `${limits[metric]} holds for no value from ${full().format(from)} on.`}</p>}
          {edge?.next && <p class="soft">{label} = {full().format(edge.next.x)}: {edge.next.y === null ? (edge.next.detail ?? "unknown") : written(edge.next.y)}</p>}
          {!edge?.next && refused.length > 0 && <p class="soft">{refused[0].detail === UNKNOWN ? UNKNOWN : refused.length === found.points.length ? "None of the values is a network: " : `${full().format(refused.length)} of ${full().format(found.points.length)} values are no network: `}{refused[0].detail !== UNKNOWN && cut(refused[0].detail ?? "the number is not known", 300)}</p>}
        </div>
      )}
      {limit === null && what && <p class="soft">A budget for {title} is drawn in, where the tab Budgets has one.</p>}
      {picked && picked.y !== null && (
        <p class="actions">
          <span>{label} = {full().format(picked.x)}: <b>{written(picked.y)}</b></span>
          <button type="button" class="primary" onClick={() => (byName ? bind(byName, picked.x) : put(marked!, picked.x))}>Set {label} to {picked.x}</button>
        </p>
      )}
    </section>
  );
}

interface CurveProps {
  points: Point[];
  limit: number | null;
  now: number | null;
  title: string;
  name: string;
  theme: string;
  bytes: boolean;
  written(y: Point["y"]): string;
  pick(point: Point): void;
}

function Curve({ points, limit, now, title, name, theme, bytes, written, pick }: CurveProps) {
  const host = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => {
    const element = host.current!;
    const [line, mark, soft] = ["--chart", "--fault", "--ink-soft"].map(token);
    const ys = points.map((one) => (one.y === null ? null : Number(one.y)));
    const xs = points.map((one) => one.x);
    const u = new uPlot(
      {
        width: element.clientWidth, height: 220, padding: [8, 12, 0, 0], legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: (_, series) => (series === 1 ? 8 : 0) } },
        scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(max, limit ?? 0) * 1.08 || 1] } },
        axes: [{ ...axis(), size: 24, values: (_, ticks) => ticks.map((one) => (Number.isInteger(one) ? full().format(one) : "")) }, { ...axis(), size: 70, incrs: bytes ? POWERS : undefined, values: (_, ticks) => ticks.map((one) => written(one)) }],
        series: [
          {},
          { stroke: line, width: 2, points: { show: points.length < 60, size: 5, fill: line } },
          { stroke: mark, width: 1.5, dash: [6, 4], points: { show: false } },
        ],
        hooks: {
          setCursor: [(u) => setAt(u.cursor.idx ?? null)],
          draw: [(u) => now !== null && now >= xs[0] && now <= xs[xs.length - 1] && upright(u, now, soft, [2, 4])],
        },
      },
      [xs, ys, xs.map(() => limit)] as uPlot.AlignedData, element,
    );
    u.over.addEventListener("click", () => u.cursor.idx !== null && u.cursor.idx !== undefined && pick(points[u.cursor.idx]));
    const watch = new ResizeObserver(() => element.clientWidth > 50 && u.setSize({ width: element.clientWidth, height: 220 }));
    watch.observe(element);
    return () => (watch.disconnect(), u.destroy());
  }, [points, limit, now, theme, bytes]);
  const one = at === null ? null : points[at];
  const first = points[0], last = points[points.length - 1];
  const said = one ? `${name} = ${full().format(one.x)}: ${one.y === null ? "no network" : written(one.y)}` : `${full().format(first.x)}: ${written(first.y)} … ${full().format(last.x)}: ${written(last.y)}`;
  return (
    <figure class="chart">
      <figcaption><b>{title}</b></figcaption>
      <div ref={host} role="img" aria-label={`${title}: ${said}`} />
      <p class="said">{said}</p>
    </figure>
  );
}
