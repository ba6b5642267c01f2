/** The rows of a report: a tree, or sorted and filtered, with bars; the order and the columns are the reader's choice. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { CELL, cut, formulaOf } from "../formulas";
import { bytes, isBytes, number, seconds, tuple } from "../numbers";
import type { Change, Count, Report, Row } from "../types";
import { save } from "../graph/picture";
import { usePrinting } from "../state";
import { around, type Line, nested, placeOf } from "./tree";

const LINE = 26;
const AHEAD = 12;
const STEP = 14; // that a line is further in, for each module around it

interface Column {
  key: string;
  title: string;
  value(row: Row): Count | string | number;
  text(value: any, row: Row, binary: boolean): string;
  numeric: boolean;
  total?: boolean;
}

const count = (key: string, title: string): Column => ({
  key, title, numeric: true, total: true,
  value: (row) => (row as unknown as Record<string, Count>)[key],
  text: (value, _, binary) => (isBytes(key) ? bytes(value, binary) : number(value)),
});

const COLUMNS: Column[] = [
  { key: "name", title: "Layer", numeric: false, value: (row) => row.name, text: (value) => value },
  { key: "type", title: "Type", numeric: false, value: (row) => row.type, text: (value) => value },
  { key: "output_shape", title: "Output shape", numeric: false, value: (row) => tuple(row.output_shape), text: (value) => value },
  count("params", "Params"),
  count("trainable_params", "Trainable"),
  count("non_trainable_params", "Non-trainable"),
  count("macs", "MACs"),
  count("flops", "FLOPs"),
  count("param_bytes", "Param bytes"),
  count("activation_bytes", "Activation bytes"),
  { ...count("live_bytes", "Live bytes"), total: false },
  { key: "arithmetic_intensity", title: "FLOPs/byte", numeric: true, value: (row) => row.arithmetic_intensity, text: (value) => (value === null || value === undefined ? "–" : value.toPrecision(3)) },
  { key: "receptive_field", title: "Receptive field", numeric: true, value: (row) => row.receptive_field?.size?.[0] ?? null, text: (_, row) => row.receptive_field?.size?.map((one) => one ?? "all").join(" × ") ?? "–" },
];
const SHOWN = ["name", "type", "output_shape", "params", "flops"];

interface TableProps {
  report: Pick<Report, "layers" | "modules" | "totals" | "conventions" | "roofline"> & { model?: Report["model"] };
  partial: boolean;
  empty: string; // what is said where there are no rows
  selected: string | null;
  changes: Map<string, Change>;
  binary: boolean;
  select(name: string): void;
}

function columnsOf(report: TableProps["report"]): Column[] {
  const more: Column[] = Object.entries(report.conventions ?? {}).map(([name, about]) => ({
    key: `counts.${name}`, title: `${about.tool} ${about.unit}`, numeric: true, total: true,
    value: (row) => row.counts?.[name] ?? null, text: (value) => number(value),
  }));
  if (report.roofline)
    more.push(
      { key: "seconds", title: "Least time", numeric: true, value: (row) => row.roofline?.seconds ?? null, text: (value) => seconds(value) },
      { key: "bound", title: "Bound by", numeric: false, value: (row) => row.roofline?.bound ?? "", text: (value) => value },
    );
  return [...COLUMNS, ...more];
}

export function Table(props: TableProps) {
  const { report, selected, select, binary } = props;
  const all = useMemo(() => columnsOf(report), [report]);
  const [chosen, setChosen] = useState<string[]>(() => (matchMedia("(max-width: 759px)").matches ? SHOWN.filter((one) => one !== "type") : SHOWN));
  const [order, setOrder] = useState<{ key: string; down: boolean } | null>(null);
  const [words, setWords] = useState("");
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const printing = usePrinting();
  const body = useRef<HTMLDivElement>(null);

  const extra = all.filter((one) => one.key.startsWith("counts.") || one.key === "seconds" || one.key === "bound").map((one) => one.key);
  const columns = all.filter((one) => chosen.includes(one.key) || extra.includes(one.key));
  const rows = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    const found = wanted ? report.layers.filter((row) => `${row.name} ${row.type}`.toLowerCase().includes(wanted)) : [...report.layers];
    const by = order && all.find((one) => one.key === order.key);
    if (by) {
      const sign = order.down ? -1 : 1;
      found.sort((a, b) => {
        const [left, right] = [by.value(a), by.value(b)];
        if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
        return sign * (typeof left === "string" ? left.localeCompare(String(right), undefined, { numeric: true }) : left < (right as Count)! ? -1 : left > (right as Count)! ? 1 : 0);
      });
    }
    return found;
  }, [report, words, order, all]);
  const tree = !order && !words.trim() && report.modules?.length ? report.modules : null;
  const lines = useMemo<Line[]>(() => (tree ? nested(rows, tree, folded) : rows.map((row) => ({ row, depth: 0, known: 0 }))), [rows, tree, folded]);
  const fold = (place: string) => {
    const next = new Set(folded);
    next.has(place) ? next.delete(place) : next.add(place);
    setFolded(next);
  };
  const most = useMemo(
    () => new Map(columns.filter((one) => one.numeric).map((one) => [one.key, Math.max(1, ...report.layers.map((row) => Number(one.value(row) ?? 0) || 0))])),
    [report, columns.map((one) => one.key).join()],
  );

  useLayoutEffect(() => {
    const element = body.current!;
    const watch = new ResizeObserver(() => setHeight(element.clientHeight));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const outer = selected && report.modules ? around(report.layers, report.modules, selected).filter((one) => folded.has(one)) : [];
    if (outer.length) setFolded(new Set([...folded].filter((one) => !outer.includes(one))));
  }, [selected]);
  useEffect(() => {
    const index = lines.findIndex((line) => !line.module && line.row.name === selected);
    const element = body.current!;
    if (index < 0) return;
    const at = index * LINE;
    if (at < element.scrollTop || at > element.scrollTop + element.clientHeight - 3 * LINE) element.scrollTop = Math.max(0, at - element.clientHeight / 3);
  }, [selected, lines]);

  const first = printing ? 0 : Math.max(0, Math.floor(top / LINE) - AHEAD);
  const last = printing ? lines.length : Math.min(lines.length, Math.ceil((top + height) / LINE) + AHEAD);
  const turn = (key: string, numeric: boolean) =>
    setOrder((now) => (now?.key !== key ? { key, down: numeric } : now.down === numeric ? { key, down: !numeric } : null));
  const keys = (event: KeyboardEvent) => {
    const shown = lines.filter((line) => !line.module);
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -shown.length, End: shown.length }[event.key];
    if (!move || !shown.length) return;
    event.preventDefault();
    const at = shown.findIndex((line) => line.row.name === selected);
    select(shown[Math.min(shown.length - 1, Math.max(0, at + move))].row.name);
  };
  const shown = (one: Column, row: Row) => formulaOf(row, one.key, one.value(row)) ?? one.text(one.value(row), row, binary);
  const cells = (row: Row) => columns.map((one) => shown(one, row));
  const total = (one: Column): Count => (one.key.startsWith("counts.") ? report.totals.counts?.[one.key.slice(7)] : (report.totals[one.key] as Count)) ?? null;
  const copy = (form: "markdown" | "csv") => {
    const heads = columns.map((one) => one.title);
    const plain = (row: Row) => columns.map((one) => { const value = one.value(row); return value === null || value === undefined ? (row.formulas?.[one.key] ?? "") : typeof value === "string" ? value : String(value); });
    const quoted = (cell: string) => {
      const safe = /^\s*[=+\-@]/.test(cell) && !/^-?[\d.]+$/.test(cell) ? `'${cell}` : cell;
      return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
    };
    const text =
      form === "csv"
        ? [heads, ...rows.map(plain)].map((line) => line.map(quoted).join(",")).join("\n")
        : [heads, columns.map((one) => (one.numeric ? "---:" : "---")), ...rows.map((row) => cells(row).map((cell) => cell.replace(/[|\\<>`*_[\]]/g, "\\$&")))].map((line) => `| ${line.join(" | ")} |`).join("\n");
    navigator.clipboard?.writeText(`${text}\n`).catch(() => save(text, `layers.${form === "csv" ? "csv" : "md"}`));
  };

  return (
    <section class="table" aria-label="Layers">
      <div class="tools">
        <input class="search" type="search" placeholder="Filter layers" aria-label="Filter layers" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        <span class="count" role="status">{rows.length === report.layers.length ? number(rows.length) : `${number(rows.length)} of ${number(report.layers.length)}`} {props.partial ? "layers so far" : "layers"}</span>
        <span class="spring" />
        {tree && <button type="button" onClick={() => setFolded(new Set(folded.size ? [] : tree.map(placeOf)))}>{folded.size ? "Unfold all" : "Fold all"}</button>}
        <details class="menu">
          <summary>Columns</summary>
          <div class="sheet">
            {all.filter((one) => one.key !== "name" && !extra.includes(one.key)).map((one) => (
              <label><input type="checkbox" checked={chosen.includes(one.key)} onChange={() => setChosen(chosen.includes(one.key) ? chosen.filter((key) => key !== one.key) : [...chosen, one.key])} />{one.title}</label>
            ))}
          </div>
        </details>
        <span class="joined">
          <button type="button" onClick={() => copy("markdown")}>Copy Markdown</button>
          <button type="button" onClick={() => copy("csv")}>CSV</button>
        </span>
      </div>
      <div class="rows" ref={body} tabIndex={0} onScroll={(event) => setTop(event.currentTarget.scrollTop)} onKeyDown={keys} role="region" aria-label="Table of layers">
        <table aria-rowcount={lines.length + 1}>
          <thead>
            <tr>
              {columns.map((one) => (
                <th scope="col" class={one.numeric ? "num" : ""} aria-sort={order?.key === one.key ? (order.down ? "descending" : "ascending") : undefined}>
                  <button type="button" onClick={() => turn(one.key, one.numeric)}>{one.title}<span aria-hidden="true">{order?.key === one.key ? (order.down ? " ↓" : " ↑") : ""}</span></button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {first > 0 && <tr class="space" aria-hidden="true"><td colSpan={columns.length}><svg width="1" height={first * LINE} /></td></tr>}
            {lines.slice(first, last).map(({ row: shownRow, depth, known, module }, index) => {
              const row = shownRow as Row; // a module has the counts of one, and is read for no more
              return (
              <tr key={module ?? row.name} aria-rowindex={first + index + 2} class={module ? "module" : [row.name === selected ? "selected" : "", props.changes.get(row.name)?.change ?? ""].join(" ")} onClick={() => (module ? fold(module) : select(row.name))}>
                {columns.map((one) => {
                  if (module && !(one.key in row) && !one.key.startsWith("counts.")) return <td />;
                  const value = one.value(row);
                  const text = shown(one, row);
                  return one.numeric ? (
                    <td class={value === null || value === 0 ? "num none" : "num"}>
                      {!module && Number(value) > 0 && <svg class="bar" aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none"><rect width={(Number(value) / most.get(one.key)!) * 100} height="1" /></svg>}
                      <span title={text.length > CELL ? text : undefined}>{cut(text, CELL)}</span>
                    </td>
                  ) : (
                    <td class={one.key} title={text}>
                      {one.key === "name" && depth > 0 && <svg width={depth * STEP} height="1" aria-hidden="true" />}
                      {one.key === "name" && module && <button type="button" class="fold" aria-expanded={!folded.has(module)} aria-label={`Rows of ${text}`}>{folded.has(module) ? "▸" : "▾"}</button>}
                      {one.key === "name" ? text.slice(known) : text}
                    </td>
                  );
                })}
              </tr>
              );
            })}
            {last < lines.length && <tr class="space" aria-hidden="true"><td colSpan={columns.length}><svg width="1" height={(lines.length - last) * LINE} /></td></tr>}
          </tbody>
          {!props.partial && (
            <tfoot>
              <tr>
                {columns.map((one, index) => index === 0 ? <th scope="row">Total</th> : <td class={one.numeric ? "num" : ""}>{one.total ? <span title={formulaOf(report.totals, one.key, total(one)) ?? undefined}>{cut(formulaOf(report.totals, one.key, total(one)) ?? one.text(total(one), report.layers[0], binary), CELL)}</span> : one.key === "seconds" ? seconds(report.roofline?.seconds) : ""}</td>)}
              </tr>
            </tfoot>
          )}
        </table>
        {!report.layers.length && props.empty && <p class="pad soft">{props.empty}</p>}
        {report.layers.length > 0 && !rows.length && <p class="pad soft">No layer is called so.</p>}
      </div>
    </section>
  );
}
