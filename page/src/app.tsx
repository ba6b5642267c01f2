/** The page: the text on the left, the network in the middle, its numbers on the right; one of them at a time on a phone. */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "./api";
import type { Editor } from "./editor/editor";
import { type Mark, markAt, marksIn } from "./editor/marks";
import { placesOf } from "./editor/places";
import { choose, opened } from "./files";
import { Gallery } from "./gallery";
import { save } from "./graph/picture";
import { cut, formulaOf } from "./formulas";
import { Graph } from "./graph/view";
import { isJson, readable } from "./json";
import * as kept from "./keep";
import { lazy } from "./lazy";
import { bytes, number } from "./numbers";
import { OptionsBar } from "./options";
import { Budgets, yamlOf } from "./panels/budgets";
import { Compare } from "./panels/compare";
import { Detail } from "./panels/detail";
import { Run } from "./panels/run";
import { Table } from "./panels/table";
import { Faults, Item, Menu, Tabs } from "./parts";
import { type Pinned, useAnalysis, useDifference, useExplained, useMedia, useVerdict } from "./state";
import { begun } from "./start";
import type { Count, Fault, Report, Row } from "./types";

const VIEWS: [string, string][] = [["table", "Table"], ["charts", "Charts"], ["compare", "Compare"], ["budgets", "Budgets"], ["run", "Run"], ["vary", "Vary"]];
const Charts = lazy(() => import("./panels/charts").then((one) => one.Charts));
const Vary = lazy(() => import("./panels/vary").then((one) => one.Vary));
const NO_TOTALS = {} as Report["totals"];

/** Inputs that rows name and that no report says, as of a model with a fault. */
function inputsOf(rows: Row[]): Report["inputs"] {
  const names = new Set(rows.map((row) => row.name));
  const found = new Map<string, Report["inputs"][0]>();
  for (const row of rows)
    row.inputs.forEach((name, index) => !names.has(name) && !found.has(name) && found.set(name, { name, shape: row.input_shapes[index] ?? [], dtype: "" }));
  return [...found.values()];
}

export function App() {
  const [source, setSource] = useState<api.Source>(begun.source);
  const [options, setOptions] = useState(api.NO_OPTIONS);
  const [asked, ask] = useState(0);
  const [selected, setSelected] = useState<string | null>(null);
  const [fromEditor, setFromEditor] = useState(false);
  const [view, setView] = useState("table");
  const [binary, setBinary] = useState(() => kept.setting("binary", true));
  const [theme, setTheme] = useState<string>(() => kept.setting("theme", ""));
  const [limits, setLimits] = useState<Record<string, string>>(() => kept.setting("budgets", {}));
  const [pinned, setPinned] = useState<Pinned | null>(null);
  const [marked, setMarked] = useState<Mark | null>(null);
  const [notice, setNotice] = useState("");
  const [dropping, setDropping] = useState(false);
  const [turn, setTurn] = useState(0); // of the documents that were opened
  const [mounted, setMounted] = useState(false); // whether the editor is there
  const editor = useRef<Editor | null>(null);
  const host = useRef<HTMLDivElement>(null);
  const wide = useMedia("(min-width: 1200px)");
  const narrow = useMedia("(max-width: 759px)");
  const dark = useMedia("(prefers-color-scheme: dark)");

  const { analysis, busy } = useAnalysis(source, options, asked);
  const { report, rows } = analysis;
  const explained = useExplained(source, options, report, selected !== null);
  const difference = useDifference(pinned, source, options, report);
  const { verdict, fault: budgetFault } = useVerdict(limits, source, options, report);
  const drawn = useMemo(
    () => (report ? report : { inputs: inputsOf(rows), layers: rows, totals: NO_TOTALS, model: undefined }),
    [report, rows],
  );
  const text = source.kind === "text" ? source.text : "";
  const places = useMemo(() => placesOf(text, rows), [rows, text]);
  const row = rows.find((one) => one.name === selected) ?? null;
  // a number that the text has no more, or elsewhere, is marked no longer
  const there = marked && markAt(text, marked.from);
  const current = there && there.from === marked.from && there.label === marked.label ? there : null;

  const show = useCallback((next: api.Source, given: Partial<api.Options> = {}) => {
    setSource(next);
    setTurn((now) => now + 1);
    setOptions({ ...api.NO_OPTIONS, ...given });
    setSelected(null);
    if (next.kind === "text") editor.current?.replace(next.text);
  }, []);

  const place = useRef(places);
  place.current = places;
  const written = useRef(text);
  written.current = text;
  const blank = source.kind === "text" && !text.trim();
  const answered = analysis.status !== 0 || !text.trim();
  useEffect(() => {
    if (!answered) return; // the editor comes after what is seen first: the numbers
    const moved = (at: number) => {
      setMarked((now) => markAt(written.current, at) ?? now);
      let best: [string, number] | null = null;
      for (const [name, { from, to }] of place.current) if (from <= at && at <= to && (!best || to - from < best[1])) best = [name, to - from];
      if (best) {
        setFromEditor(true);
        setSelected(best[0]);
      }
    };
    import("./editor/editor").then(({ Editor }) => {
      editor.current ??= new Editor(host.current!, written.current, { changed: (now) => setSource({ kind: "text", text: now }), moved });
      setMounted(true);
    });
  }, [answered]);
  useEffect(() => editor.current?.mark(analysis.faults, analysis.warnings), [analysis, mounted]);
  useEffect(() => editor.current?.show((selected && places.get(selected)) || null, !fromEditor), [selected, places, mounted]);
  useLayoutEffect(() => {
    if (analysis.status) performance.measure("layercalc:drawn", "layercalc:asked");
  }, [analysis]);
  const select = useCallback((name: string | null) => {
    setFromEditor(false);
    setSelected(name);
  }, []);

  useEffect(() => {
    const follow = async () => {
      const found = await kept.fromFragment(location.hash);
      if (found) show({ kind: "text", text: found.text }, found.options);
    };
    follow();
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  useEffect(() => {
    if (!report || source.kind !== "text") return;
    document.title = `${report.model.name} · layercalc`;
    const wait = setTimeout(() => kept.keep(report.model.name, source.text), 1500);
    return () => clearTimeout(wait);
  }, [report]);
  useLayoutEffect(() => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    kept.remember("theme", theme);
  }, [theme]);
  useEffect(() => kept.remember("binary", binary), [binary]);
  useEffect(() => kept.remember("budgets", limits), [limits]);
  useEffect(() => {
    if (!notice) return;
    const wait = setTimeout(() => setNotice(""), 4000);
    return () => clearTimeout(wait);
  }, [notice]);

  useEffect(() => {
    const hold = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setDropping(event.type === "dragover");
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setDropping(false);
    const drop = async (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      event.stopPropagation();
      setDropping(false);
      show(await opened(file));
    };
    const paste = (event: ClipboardEvent) => {
      // a whole document on one long line is given line breaks, where it replaces all there is
      const pasted = event.clipboardData?.getData("text/plain") ?? "";
      const now = editor.current;
      if (!now) return;
      const { from, to } = now.view.state.selection.main;
      if (pasted.length > 400 && from === 0 && to === now.view.state.doc.length && readable(pasted) !== pasted) {
        event.preventDefault();
        event.stopPropagation();
        show({ kind: "text", text: readable(pasted) }, options);
      }
    };
    const element = host.current!;
    window.addEventListener("dragover", hold);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop, true);
    element.addEventListener("paste", paste, true);
    return () => {
      window.removeEventListener("dragover", hold);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop, true);
      element.removeEventListener("paste", paste, true);
    };
  }, [options]);

  const share = async () => {
    const fragment = await kept.toFragment(text, options);
    history.replaceState(null, "", fragment);
    await navigator.clipboard?.writeText(location.href).then(
      () => setNotice("The link is in the clipboard; the document is in it and nowhere else."),
      () => setNotice("The link is in the address bar; the document is in it and nowhere else."),
    );
  };
  const drawing = (form: string, ending: string) =>
    api.drawn(source, options, form).then((found) => save(found, `${report?.model.name ?? "network"}.${ending}`), (error) => setNotice(error.message));
  const goTo = (fault: Fault) => {
    if (narrow) setView("text");
    requestAnimationFrame(() => editor.current?.goTo(fault));
  };
  const keyWanted = analysis.status === 401;
  const totals = report?.totals;
  const views: [string, string][] = [...(narrow ? [["text", "Text"] as [string, string]] : []), ...(wide ? [] : [["graph", "Graph"] as [string, string]]), ...VIEWS];
  const now = views.some(([name]) => name === view) ? view : "table";
  const graph = (
    <Graph report={drawn} stale={blank ? "none" : analysis.partial && !rows.length ? "old" : null} faults={analysis.faults} changes={difference.changes} gone={difference.gone} turn={turn} selected={selected} binary={binary} select={select} />
  );
  const partial = analysis.partial;

  return (
    <div class={`page ${wide ? "wide" : narrow ? "narrow" : "middle"}`}>
      <header class="top">
        <a class="mark" href="docs" title="The service's documentation">layercalc</a>
        <h1>{report ? report.model.name : partial && rows.length ? "does not fit" : partial ? "not a model yet" : blank ? "nothing yet" : "…"}</h1>
        {report && <span class="form">{report.model.format}</span>}
        <span class={`state ${busy ? "busy" : partial ? "bad" : report ? "good" : ""}`} role="status">
          {busy ? "…" : partial ? `${analysis.faults.length} fault${analysis.faults.length === 1 ? "" : "s"}` : report && analysis.warnings.length ? `${analysis.warnings.length} warning${analysis.warnings.length === 1 ? "" : "s"}` : ""}
        </span>
        <span class="spring" />
        <nav aria-label="Document">
          <Gallery show={(document) => show({ kind: "text", text: document })} failed={setNotice} />
          <button type="button" onClick={() => choose(async (file) => show(await opened(file)))}>Open</button>
          <Menu title="Recent">
            {kept.recent().length ? kept.recent().map((one) => <Item note={new Date(one.when).toLocaleString()} onClick={() => show({ kind: "text", text: one.text })}>{one.name}</Item>) : <p class="soft">Nothing yet.</p>}
            {kept.recent().length > 0 && <Item onClick={() => (kept.forget(), setNotice("Forgotten."))}>Forget them</Item>}
          </Menu>
          <button type="button" disabled={source.kind !== "text"} onClick={share}>Share</button>
          <Menu title="Download" kind="right">
            <Item note="JSON" disabled={!report} onClick={() => drawing("json", "report.json")}>Report</Item>
            <Item note="for a comment" disabled={!report} onClick={() => drawing("markdown", "md")}>Markdown</Item>
            <Item note="for GitHub" disabled={!report} onClick={() => drawing("mermaid", "mmd")}>Mermaid</Item>
            <Item note="for Graphviz" disabled={!report} onClick={() => drawing("dot", "dot")}>DOT</Item>
          </Menu>
          <Menu title="Settings" kind="right">
            <fieldset class="choice"><legend>Theme</legend>
              {[["", "As the system"], ["light", "Light"], ["dark", "Dark"]].map(([value, title]) => <label><input type="radio" name="theme" checked={theme === value} onChange={() => setTheme(value)} />{title}</label>)}
            </fieldset>
            <fieldset class="choice"><legend>Bytes</legend>
              <label><input type="radio" name="units" checked={binary} onChange={() => setBinary(true)} />KiB, MiB</label>
              <label><input type="radio" name="units" checked={!binary} onChange={() => setBinary(false)} />kB, MB</label>
            </fieldset>
            <KeyField saved={() => ask(asked + 1)} />
          </Menu>
        </nav>
      </header>
      <OptionsBar options={options} change={setOptions} code={source.kind === "text" && !isJson(source.text)} dims={report?.dims} faults={analysis.faults.filter((one) => one.parameter)} />
      {keyWanted && <section class="key-wanted" aria-label="Access key"><p>{analysis.faults[0]?.detail}</p><KeyField saved={() => ask(asked + 1)} /></section>}
      <section aria-label="Totals"><dl class="totals" tabIndex={narrow ? 0 : undefined}>
        {([["Parameters", "params", number], ["MACs", "macs", number], ["FLOPs", "flops", number], ["Weights", "param_bytes", (n) => bytes(n, binary)], ["Peak activations", "peak_activation_bytes", (n) => bytes(n, binary)], ["Peak in place", "peak_in_place_bytes", (n) => bytes(n, binary)]] as [string, string, (n: any) => string][]).map(([title, key, written]) => {
          const over = verdict?.results.find((one) => one.metric === key && !one.passed);
          return <div class={over ? "over" : ""} title={over?.detail}><dt>{title}</dt><Amount of={totals} at={key} written={written} /></div>;
        })}
        <div><dt>Inference</dt><Amount of={report?.memory} at="inference_bytes" written={(n) => bytes(n, binary)} /></div>
        {report?.conventions && Object.entries(report.conventions).map(([name, about]) => <div><dt>{about.tool}, {about.unit}</dt><Amount of={{ [`counts.${name}`]: totals?.counts?.[name] ?? null, formulas: totals?.formulas }} at={`counts.${name}`} written={number} /></div>)}
      </dl></section>
      {!wide && <nav class="views" aria-label="Views"><Tabs names={views} now={now} choose={setView} /></nav>}
      <main class="panes">
        <section class="text" aria-label="Document" hidden={narrow && now !== "text"}>
          {source.kind === "file" && (
            <div class="card">
              <h2>{source.name}</h2>
              <p class="soft">{bytes(source.bytes.length, binary)}, read by the service as it is</p>
              <button type="button" onClick={() => editor.current && show({ kind: "text", text: editor.current.text })}>Back to the text</button>
            </div>
          )}
          <div class="editor" ref={host} hidden={source.kind === "file"}>{!mounted && <pre>{text}</pre>}</div>
          <Faults faults={analysis.faults} warnings={analysis.warnings} text={source.kind === "text" ? text : null} goTo={goTo} apply={(fix) => editor.current?.apply(fix)} />
        </section>
        {(wide || now === "graph") && <div class="network" id={wide ? undefined : "view"} role={wide ? undefined : "tabpanel"} aria-labelledby={wide ? undefined : "tab-graph"}>{graph}{!wide && row && <Detail row={row} explained={explained?.get(row.name) ?? null} binary={binary} close={() => select(null)} />}</div>}
        {(wide || (now !== "graph" && now !== "text")) && (
          <div class="side">
            {wide && <Tabs names={views} now={now} choose={setView} />}
            <div class="panel" id="view" role="tabpanel" tabIndex={0} aria-labelledby={`tab-${now}`}>
              {now === "table" && <Table report={drawn} partial={partial || !report} empty={blank ? "Write, paste, drop or open a model, or begin with one of the examples." : partial ? "No layer could be read yet: what is wrong stands beside the text." : ""} selected={selected} changes={difference.changes} binary={binary} select={select} />}
              {now === "charts" && (report ? <Charts report={report} binary={binary} theme={`${theme}${dark}`} selected={selected} select={select} /> : <p class="pad soft">{blank ? "Charts of a model stand here." : "Charts need a model without faults."}</p>)}
              {now === "compare" && (
                <Compare
                  pinned={pinned} found={difference.found} fault={difference.fault} binary={binary} ready={report !== null} select={select}
                  pin={() => report && setPinned({ source, report, title: report.model.name, when: new Date().toLocaleTimeString() })} unpin={() => setPinned(null)}
                />
              )}
              {now === "budgets" && <Budgets limits={limits} verdict={verdict} fault={budgetFault} change={setLimits} select={select} download={() => save(yamlOf(source.kind === "file" ? source.name : `${report?.model.name ?? "model"}.${isJson(source.text) ? "json" : "py"}`, limits, options), "layercalc.yaml")} />}
              {now === "vary" && (
                <Vary
                  report={report} text={source.kind === "text" ? text : null} marked={current} choices={selected && places.has(selected) ? marksIn(text, places.get(selected)!.from, places.get(selected)!.to) : []}
                  options={options} limits={limits} binary={binary} theme={`${theme}${dark}`} mark={setMarked}
                  put={(mark, value) => editor.current?.put(mark.from, mark.to, String(value))} bind={(name, value) => setOptions({ ...options, dims: [...options.dims.split(/[,;\s]+/).filter((one) => one && !one.startsWith(`${name}=`)), `${name}=${value}`].join(", ") })}
                />
              )}
              {now === "run" && <Run ready={report !== null} run={(seed) => api.forward(source, options, seed)} select={select} />}
            </div>
            {row && <Detail row={row} explained={explained?.get(row.name) ?? null} binary={binary} close={() => select(null)} />}
          </div>
        )}
      </main>
      {dropping && <div class="drop"><p>Drop a model: JSON, code, a notebook, .keras, .onnx, .pt2</p></div>}
      <p class={notice ? "notice shown" : "notice"} role="status">{notice}</p>
    </div>
  );
}

const ROOM = 26; // characters of a formula among the totals

/** A count, or its formula as far as there is room; all of it where the pointer rests. */
function Amount({ of, at, written }: { of: object | undefined; at: string; written(n: Count): string }) {
  const value = (of as Record<string, Count> | undefined)?.[at];
  const formula = of && formulaOf(of, at, value);
  return formula ? <dd class="formula" title={formula}>{cut(formula, ROOM)}</dd> : <dd>{of ? written(value ?? null) : "–"}</dd>;
}

function KeyField({ saved }: { saved(): void }) {
  const [value, setValue] = useState(api.key.get());
  const keep = (event: Event) => {
    event.preventDefault();
    api.key.set(value.trim());
    saved();
  };
  return (
    <form class="key" onSubmit={keep}>
      <label>Access key<input type="password" autocomplete="off" value={value} onInput={(event) => setValue(event.currentTarget.value)} /></label>
      <button type="submit">Use</button>
      <small>Kept for this tab's session only.</small>
    </form>
  );
}
