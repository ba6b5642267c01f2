/** The layer that is selected: its shapes, its arithmetic, its weights. */
import { formulaOf } from "../formulas";
import { bytes, number, tuple } from "../numbers";
import type { Count, Row } from "../types";

const COUNTS: [string, string][] = [["params", "Parameters"], ["macs", "MACs"], ["flops", "FLOPs"], ["activation_bytes", "Activation bytes"], ["live_bytes", "Live bytes"]];

export function Detail({ row, explained, binary, close }: { row: Row; explained: string[] | null; binary: boolean; close(): void }) {
  const formulas = COUNTS.flatMap(([key, title]): [string, string][] => {
    const text = formulaOf(row, key, (row as unknown as Record<string, Count>)[key]);
    return text ? [[title, text]] : [];
  });
  return (
    <aside class="detail" aria-label={`Layer ${row.name}`}>
      <header>
        <h2>{row.name}</h2>
        <span class="type">{row.type}</span>
        <span class="spring" />
        <button type="button" class="quiet" aria-label="Close" onClick={close}>×</button>
      </header>
      <p class="flow"><span>{row.input_shapes.map(tuple).join(", ") || "–"}</span> → <b>{tuple(row.output_shape)}</b></p>
      {explained?.length ? (
        <ol class="explain">{explained.map((line) => <li>{line}</li>)}</ol>
      ) : (
        <p class="soft">{row.params === null && !formulas.length ? "Not computed: a fault stands before it." : formulas.length ? `${number(row.params)} parameters; the rest depends on sizes by name` : `${number(row.params)} parameters, ${number(row.flops)} FLOPs, ${bytes(row.activation_bytes, binary)} of activations`}</p>
      )}
      {formulas.length > 0 && <dl class="formulas">{formulas.map(([title, text]) => <><dt>{title}</dt><dd>{text}</dd></>)}</dl>}
      {row.weights.length > 0 && (
        <details>
          <summary>{row.weights.length} weights</summary>
          <table class="plain"><tbody>
            {row.weights.map((one) => <tr><td>{one.name}</td><td>{tuple(one.shape)}</td><td>{one.dtype}</td><td>{one.shared ? "shared" : one.trainable ? "" : "not trained"}</td></tr>)}
          </tbody></table>
        </details>
      )}
    </aside>
  );
}
