/** A few limits, red where they are passed, with the layers to blame. */
import { given, type Options } from "../api";
import type { Verdict } from "../types";

export const LIMITS: [string, string, string][] = [
  ["params", "Parameters", "5M"],
  ["flops", "FLOPs", "600M"],
  ["macs", "MACs", "300M"],
  ["param_bytes", "Parameter bytes", "16MiB"],
  ["peak_activation_bytes", "Peak activation bytes", "8MiB"],
  ["peak_in_place_bytes", "Peak bytes in place", "6MiB"],
];

/** The budgets that have been written, for the service and for layercalc.yaml. */
export const budgetsOf = (limits: Record<string, string>): { metric: string; max: string }[] =>
  LIMITS.flatMap(([metric]) => (limits[metric]?.trim() ? [{ metric, max: limits[metric].trim() }] : []));

/** The budgets file of a model: what it is counted with, and its limits. */
export function yamlOf(path: string, limits: Record<string, string>, options: Options): string {
  const lines = budgetsOf(limits).map(({ metric, max }) => `      - {metric: ${metric}, max: ${JSON.stringify(max)}}`);
  const said = given(options);
  const settings = [...new Set(said.map(([name]) => name))].map((name) => {
    const texts = said.filter(([one]) => one === name).map(([, value]) => (name === "batch_size" && /^\d+$/.test(value) ? value : JSON.stringify(value)));
    return `    ${name}: ${texts.length > 1 ? `[${texts.join(", ")}]` : texts[0]}\n`;
  });
  return `models:\n  - path: ${JSON.stringify(path)}\n${settings.join("")}    budgets:\n${lines.join("\n")}\n`;
}

interface BudgetProps {
  limits: Record<string, string>;
  verdict: Verdict | null;
  fault: string | null;
  change(limits: Record<string, string>): void;
  select(name: string): void;
  download(): void;
}

export function Budgets({ limits, verdict, fault, change, select, download }: BudgetProps) {
  const results = new Map(verdict?.results.map((one) => [one.metric, one]));
  return (
    <section class="budgets pad" aria-label="Budgets">
      <p class="soft">Limits such as 5M, 1.2G or 16MiB; empty for none.</p>
      <div class="limits">
        {LIMITS.map(([metric, title, example]) => {
          const result = limits[metric]?.trim() ? results.get(metric) : undefined;
          return (
            <div class={`limit ${result ? (result.passed ? "held" : "passed-over") : ""}`}>
              <label for={`limit-${metric}`}>{title}</label>
              <input id={`limit-${metric}`} placeholder={example} value={limits[metric] ?? ""} autocomplete="off" aria-invalid={result ? !result.passed : undefined} aria-describedby={`said-${metric}`} onInput={(event) => change({ ...limits, [metric]: event.currentTarget.value })} />
              <p id={`said-${metric}`} role="status">
                {result && <><span aria-hidden="true">{result.passed ? "✓" : "✕"}</span> {result.detail}</>}
              </p>
              {result && !result.passed && result.layers?.map((one) => <button type="button" class="blame" onClick={() => select(one.name)}>{one.name}</button>)}
            </div>
          );
        })}
      </div>
      {fault && <p class="wrong">{fault}</p>}
      <div class="actions"><button type="button" disabled={!budgetsOf(limits).length} onClick={download}>Download layercalc.yaml</button></div>
    </section>
  );
}
