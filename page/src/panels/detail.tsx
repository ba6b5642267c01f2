/** The layer that is selected: its shapes, its arithmetic, its weights. */
import { bytes, number, tuple } from "../numbers";
import type { Row } from "../types";

export function Detail({ row, explained, binary, close }: { row: Row; explained: string[] | null; binary: boolean; close(): void }) {
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
        <p class="soft">{row.params === null ? "Not computed: a fault stands before it." : `${number(row.params)} parameters, ${number(row.flops)} FLOPs, ${bytes(row.activation_bytes, binary)} of activations`}</p>
      )}
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
