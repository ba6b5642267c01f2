/** The model of now against one that was pinned before. */
import { before } from "../graph/gone";
import { measure, number, signed, tuple } from "../numbers";
import type { Difference } from "../types";

interface CompareProps {
  pinned: { title: string; when: string } | null;
  found: Difference | null;
  fault: string | null;
  binary: boolean;
  pin(): void;
  unpin(): void;
  select(name: string): void;
  ready: boolean;
}

const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

export function Compare({ pinned, found, fault, binary, pin, unpin, select, ready }: CompareProps) {
  return (
    <section class="compare pad" aria-label="Compare">
      <div class="actions">
        <button type="button" class="primary" disabled={!ready} onClick={pin}>{pinned ? "Pin the model of now instead" : "Pin this model as “before”"}</button>
        {pinned && <button type="button" onClick={unpin}>Unpin</button>}
      </div>
      {!pinned && <p class="soft">Pin the model, then change it: what differs is shown here, in the table and in the graph.</p>}
      {pinned && <p class="soft">Before: <b>{pinned.title}</b>, pinned at {pinned.when}</p>}
      {fault && <p class="wrong">{fault}</p>}
      {found && (
        <>
          <table class="plain wide" aria-label="Totals before and after">
            <thead><tr><th scope="col">Total</th><th scope="col" class="num">Before</th><th scope="col" class="num">Now</th><th scope="col" class="num">Change</th></tr></thead>
            <tbody>
              {Object.entries(found.totals).map(([metric, one]) => (
                <tr class={one.delta ? "differs" : ""}>
                  <th scope="row">{metric.replace(/_/g, " ")}</th>
                  <td class="num">{measure(metric, one.before, binary)}</td>
                  <td class="num">{measure(metric, one.after, binary)}</td>
                  <td class={`num ${Number(one.delta) > 0 ? "more" : Number(one.delta) < 0 ? "less" : ""}`}>{signed(one.delta)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p role="status">{found.identical ? "No difference." : `${number(found.layers.length)} layers differ.`}</p>
          <ul class="changes">
            {found.layers.slice(0, 300).map((one) => (
              <li class={one.change}>
                <button type="button" onClick={() => select(one.after ?? before(one.before!))}>
                  <span class="sign" aria-hidden="true">{{ added: "+", removed: "−", changed: "±" }[one.change]}</span>
                  <b>{one.after ?? one.before}</b> <span class="type">{one.type}</span>
                  <span class="unseen">{one.change}</span>
                  {Object.entries(one.fields).map(([key, [was, now]]) => <span class="fieldwise">{key}: {plain(was)} → {plain(now)}</span>)}
                  {one.change === "changed" && String(one.output_shape[0]) !== String(one.output_shape[1]) && <span class="fieldwise">{tuple(one.output_shape[0])} → {tuple(one.output_shape[1])}</span>}
                  {one.deltas.params ? <span class="fieldwise">{signed(one.deltas.params)} params</span> : null}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
