/** What follows from the document: the analysis, and what is asked of it. A newer question cancels the older one. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { named, namedInputs } from "./formulas";
import { before, withGone } from "./graph/gone";
import { budgetsOf } from "./panels/budgets";
import { begun } from "./start";
import type { Change, Difference, Fault, Report, Row, Verdict } from "./types";

export const PAUSE = 150; // milliseconds after the last key

export interface Analysis {
  /** What is drawn: of a model with a fault what was computed before it. */
  report: Report | null;
  rows: Row[];
  faults: Fault[];
  warnings: Fault[];
  status: number;
  partial: boolean;
}

const NOTHING: Analysis = { report: null, rows: [], faults: [], warnings: [], status: 0, partial: false };

const analysed = (found: Report): Analysis => {
  const report = found.dims ? { ...found, inputs: namedInputs(found.inputs), layers: named(found.layers) } : found;
  return { report, rows: report.layers, faults: [], warnings: report.warnings, status: 200, partial: false };
};

/** The layer that did not fit, drawn after the last one where the rows so far are a chain. */
function stub(rows: Row[], faults: Fault[]): Row[] {
  const fault = faults.find((one) => one.layer && !rows.some((row) => row.name === one.layer));
  const last = rows[rows.length - 1];
  if (!fault || !rows.every((row, index) => index === 0 || (row.inputs.length === 1 && row.inputs[0] === rows[index - 1].name))) return rows;
  const place = { pointer: fault.pointer?.replace(/^(.*\/\d+)\/.*$/, "$1"), line: fault.line };
  const nothing = { params: null, trainable_params: null, non_trainable_params: null, macs: null, flops: null, param_bytes: null, activation_bytes: null };
  return [...rows, { ...place, ...nothing, name: fault.layer!, type: "does not fit", inputs: last ? [last.name] : [], input_shapes: last ? [last.output_shape] : [], output_shape: null as unknown as Row["output_shape"], weights: [], arithmetic_intensity: null }];
}

export function useAnalysis(source: api.Source, options: api.Options, asked: number): { analysis: Analysis; busy: boolean } {
  const [analysis, setAnalysis] = useState(() => (begun.report ? analysed(begun.report) : NOTHING));
  const [busy, setBusy] = useState(false);
  const first = useRef(true);
  useLayoutEffect(() => {
    const early = first.current ? begun : null;
    first.current = false;
    if (early?.report) return; // it is what is drawn
    const abort = new AbortController();
    const blank = source.kind === "text" && !source.text.trim();
    const answer = async () => {
      if (blank) return setAnalysis(NOTHING);
      setBusy(true);
      if (!early?.answer) performance.mark("layercalc:asked");
      try {
        const report = await (early?.answer ?? api.analyze(source, options, abort.signal));
        if (abort.signal.aborted) return;
        setAnalysis(analysed(report));
      } catch (error) {
        if (abort.signal.aborted) return;
        const problem = error instanceof api.Refusal ? error.problem : { title: "No answer", status: 0, detail: "The service cannot be reached." };
        const faults = problem.errors?.length ? problem.errors : [{ detail: problem.detail }];
        setAnalysis({ report: null, rows: stub(named(problem.layers ?? []), faults), faults, warnings: [], status: problem.status, partial: true });
      }
      setBusy(false);
    };
    const wait = early ? 0 : setTimeout(answer, PAUSE);
    if (early) answer();
    return () => (clearTimeout(wait), abort.abort());
  }, [source, options, asked]);
  return { analysis, busy };
}

/** The arithmetic of every row, asked for when somebody looks at one. */
export function useExplained(source: api.Source, options: api.Options, report: Report | null, wanted: boolean): Map<string, string[]> | null {
  const [found, setFound] = useState<{ report: Report; lines: Map<string, string[]> } | null>(null);
  useEffect(() => {
    if (!wanted || !report || found?.report === report) return;
    const abort = new AbortController();
    api.analyze(source, options, abort.signal, true).then(
      (answer) => setFound({ report, lines: new Map(answer.layers.map((row) => [row.name, row.explain ?? []])) }),
      () => undefined,
    );
    return () => abort.abort();
  }, [report, wanted]);
  return found?.report === report ? found.lines : null;
}

export interface Pinned {
  source: api.Source;
  report: Report;
  title: string;
  when: string;
}

export function useDifference(pinned: Pinned | null, source: api.Source, options: api.Options, report: Report | null) {
  const [state, setState] = useState<{ found: Difference | null; fault: string | null; of?: Report }>({ found: null, fault: null });
  useEffect(() => {
    if (!pinned || !report) return setState({ found: null, fault: null });
    const abort = new AbortController();
    api.diff(pinned.source, source, options, abort.signal).then(
      (found) => setState({ found, fault: null, of: report }),
      (error) => abort.signal.aborted || setState({ found: null, fault: error.message }),
    );
    return () => abort.abort();
  }, [pinned, report]);
  const changes = useMemo(() => new Map<string, Change>(state.found?.layers.map((one) => [one.after ?? before(one.before!), one])), [state.found]);
  const gone = useMemo(() => (report && report === state.of ? withGone(report.layers, pinned?.report ?? null, state.found) : undefined), [state, report]);
  return { ...state, changes, gone };
}

export function useVerdict(limits: Record<string, string>, source: api.Source, options: api.Options, report: Report | null) {
  const [state, setState] = useState<{ verdict: Verdict | null; fault: string | null }>({ verdict: null, fault: null });
  const budgets = JSON.stringify(budgetsOf(limits));
  useEffect(() => {
    if (!report || budgets === "[]") return setState({ verdict: null, fault: null });
    const abort = new AbortController();
    const wait = setTimeout(
      () =>
        api.check(source, options, JSON.parse(budgets), abort.signal).then(
          (verdict) => setState({ verdict, fault: null }),
          (error) => abort.signal.aborted || setState({ verdict: null, fault: error.message }),
        ),
      PAUSE,
    );
    return () => (clearTimeout(wait), abort.abort());
  }, [budgets, report]);
  return state;
}

/** Whether the page is being printed: all of it is drawn then, and not what is in sight. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const [before, after] = [() => setPrinting(true), () => setPrinting(false)];
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    return () => (window.removeEventListener("beforeprint", before), window.removeEventListener("afterprint", after));
  }, []);
  return printing;
}

export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const changed = () => setHolds(media.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, [query]);
  return holds;
}
