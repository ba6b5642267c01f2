/** Where parameters, FLOPs and bytes are, what is live along the run, what each layer sees, and the roofline. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { brief, bytes, measure, seconds } from "../numbers";
import type { Count, Report, Row } from "../types";
import { axis, POWERS, token, upright } from "./plot";

interface ChartProps {
  report: Report;
  binary: boolean;
  theme: string;
  selected: string | null;
  select(name: string): void;
}

const numbers = (rows: Row[], key: string): (number | null)[] =>
  rows.map((row) => { const n = (row as unknown as Record<string, Count>)[key]; return n === null || n === undefined ? null : Number(n); });

interface Plot {
  title: string;
  note: string;
  text(value: number): string;
  data: uPlot.AlignedData;
  bars: boolean;
  names: string[];
  scatter?: boolean;
  powers?: boolean; // of two, on the axis
  line?: [number, number][];
}

function One({ plot, theme, selected, select }: { plot: Plot; theme: string; selected: string | null; select(name: string): void }) {
  const host = useRef<HTMLDivElement>(null);
  const said = useRef<HTMLParagraphElement>(null);
  const chart = useRef<uPlot | null>(null);
  const now = useRef(selected);
  now.current = selected;
  useEffect(() => {
    const element = host.current!;
    const [accent, mark] = ["--chart", "--chart-mark"].map(token);
    const plain = axis();
    const say = (u: uPlot) => {
      const index = u.cursor.idx;
      if (!said.current) return;
      const at = index === null || index === undefined ? plot.names.indexOf(now.current ?? "") : index;
      const value = at >= 0 ? plot.data[1][at] : null;
      said.current.textContent = at >= 0 && plot.names[at] ? `${plot.names[at]}: ${value === null || value === undefined ? "unknown" : plot.text(value as number)}` : plot.note;
    };
    const u = new uPlot(
      {
        width: element.clientWidth, height: 150, padding: [8, 14, 0, 0], legend: { show: false },
        cursor: { y: false, points: { show: !!plot.scatter }, drag: { x: false, y: false } },
        scales: plot.scatter ? { x: { time: false, distr: 3 }, y: { distr: 3 } } : { x: { time: false, range: (_, min, max) => [min - 0.5, max + 0.5] }, y: { range: (_, __, max) => [0, max * 1.06 || 1] } },
        axes: [
          { ...plain, size: 24, values: (_, ticks) => ticks.map((one) => (plot.scatter ? (one === null ? "" : brief(one)) : Number.isInteger(one) ? String(one + 1) : "")) },
          { ...plain, size: plot.scatter ? 84 : 62, incrs: plot.powers ? POWERS : undefined, values: (_, ticks) => ticks.map((one) => (one === null ? "" : plot.text(one))) },
        ],
        series: [
          {},
          {
            stroke: accent, fill: plot.scatter ? undefined : plot.bars ? accent : `color-mix(in srgb, ${accent} 55%, transparent)`, width: 0,
            paths: plot.scatter ? () => null : uPlot.paths.bars!({ size: plot.bars ? [0.8, 40] : [1, Infinity], gap: 0 }),
            points: { show: !!plot.scatter, size: 5, fill: accent },
          },
          ...(plot.scatter ? [{ stroke: mark, width: 1.5, points: { show: false } }] : []),
        ],
        hooks: {
          setCursor: [say],
          draw: [
            (u) => {
              const at = plot.names.indexOf(now.current ?? "");
              if (at < 0 || plot.data[1][at] === null) return;
              upright(u, plot.data[0][at]!, mark);
            },
          ],
        },
      },
      plot.data, element,
    );
    u.over.addEventListener("click", () => {
      const index = u.cursor.idx;
      if (index !== null && index !== undefined && plot.names[index]) select(plot.names[index]);
    });
    chart.current = u;
    say(u);
    const watch = new ResizeObserver(() => element.clientWidth > 50 && u.setSize({ width: element.clientWidth, height: 150 }));
    watch.observe(element);
    return () => (watch.disconnect(), u.destroy());
  }, [plot, theme]);
  useEffect(() => chart.current?.redraw(false), [selected]);
  return (
    <figure class="chart">
      <figcaption><b>{plot.title}</b></figcaption>
      <div ref={host} role="img" aria-label={`${plot.title}: ${plot.note}`} />
      <p class="said" ref={said}>{plot.note}</p>
    </figure>
  );
}

function plots(report: Report, binary: boolean): Plot[] {
  const rows = report.layers;
  const names = rows.map((row) => row.name);
  const xs = rows.map((_, index) => index);
  const most = (values: (number | null)[]) => values.reduce<number>((best, one, index) => ((one ?? -1) > (values[best] ?? -1) ? index : best), 0);
  const bars = (key: string, title: string): Plot => {
    const values = numbers(rows, key);
    const at = most(values);
    const text = (n: number) => measure(key, n, binary);
    return { title, note: values[at] ? `most at ${names[at]}: ${text(values[at]!)}` : "none", text, data: [xs, values], bars: true, names, powers: binary && key.includes("bytes") };
  };
  const out = [bars("params", "Parameters by layer"), bars("flops", "FLOPs by layer"), bars("activation_bytes", "Activation bytes by layer")];
  const live = numbers(rows, "live_bytes");
  if (live.some((one) => one !== null))
    out.push({ title: "Live activations along the run", note: `peak ${bytes(report.totals.peak_activation_bytes, binary)}${report.memory.peak_layer ? ` at ${report.memory.peak_layer}` : ""}`, text: (n) => bytes(n, binary), data: [xs, live], bars: false, names, powers: binary });
  const seen = rows.map((row) => row.receptive_field?.size?.[0] ?? null);
  if (seen.some((one) => one !== null))
    out.push({ title: "Receptive field along the first axis", note: `at the end ${[...seen].reverse().find((one) => one !== null)}`, text: brief, data: [xs, seen], bars: false, names });
  if (report.roofline) {
    const { device, rule } = report.roofline;
    const peak = device.peak_flops.float32 ?? Object.values(device.peak_flops)[0];
    const points = rows
      .filter((row) => row.arithmetic_intensity && row.roofline?.seconds && Number(row.flops) > 0)
      .map((row) => ({ name: row.name, x: row.arithmetic_intensity!, y: Number(row.flops) / row.roofline!.seconds }))
      .sort((a, b) => a.x - b.x);
    if (points.length) {
      // the roof goes on beyond the points, and bends where both bounds are the same
      const roof = [points[0].x / 3, peak / device.bandwidth, points[points.length - 1].x * 3].map((x) => ({ name: "", x, y: null as number | null }));
      const all = [...roof, ...points].sort((a, b) => a.x - b.x);
      out.push({
        title: `Roofline on ${device.title.split(":")[0]}`, note: `at least ${seconds(report.roofline.seconds)} in all. ${rule}`, text: (n) => `${brief(n)}FLOP/s`, scatter: true, bars: false,
        names: all.map((one) => one.name),
        data: [all.map((one) => one.x), all.map((one) => one.y), all.map((one) => Math.min(peak, one.x * device.bandwidth))],
      });
    }
  }
  return out;
}

export function Charts({ report, binary, theme, selected, select }: ChartProps) {
  const memo = useRef<{ report: Report; binary: boolean; plots: Plot[] } | null>(null);
  if (memo.current?.report !== report || memo.current.binary !== binary) memo.current = { report, binary, plots: plots(report, binary) };
  const names = Object.keys(report.dims ?? {});
  return <section class="charts" aria-label="Charts">{names.length > 0 && <p class="soft">What depends on {names.join(", ")} has no bar: say above what the sizes are, or look at its curve under Vary.</p>}{memo.current.plots.map((plot) => <One key={plot.title} plot={plot} theme={theme} selected={selected} select={select} />)}</section>;
}
