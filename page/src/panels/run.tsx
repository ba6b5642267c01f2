/** A forward pass on seeded inputs and weights: shapes verified, the range of each layer, where a NaN came from, time. */
import { useState } from "preact/hooks";
import { real, seconds, tuple } from "../numbers";
import type { Pass } from "../types";

interface RunProps {
  ready: boolean;
  run(seed: number): Promise<Pass>;
  select(name: string): void;
}

export function Run({ ready, run, select }: RunProps) {
  const [seed, setSeed] = useState(0);
  const [state, setState] = useState<{ busy?: boolean; found?: Pass; fault?: string }>({});
  const start = async () => {
    setState({ busy: true });
    try {
      setState({ found: await run(seed) });
    } catch (error) {
      setState({ fault: (error as Error).message });
    }
  };
  const { found } = state;
  const time = found?.layers.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
  const broken = found?.non_finite;
  return (
    <section class="run pad" aria-label="Run">
      <div class="actions">
        <label class="field"><span>Seed</span><input type="number" min="0" max="4294967295" value={seed} onInput={(event) => setSeed(Math.max(0, Math.floor(Number(event.currentTarget.value) || 0)))} /></label>
        <button type="button" class="primary" disabled={!ready || state.busy} onClick={start}>{state.busy ? "Running…" : "Run forward pass"}</button>
      </div>
      <p class="soft">NumPy, on inputs and weights drawn from the seed; every layer's shape is held against the analysis.</p>
      <div role="status">
        {state.fault && <p class="wrong">{state.fault}</p>}
        {found && (
          <p class={found.verified ? "fine" : "wrong"}>
            {found.verified ? `✓ All ${found.layers.length} shapes are as analysed` : "✕ A shape differs from the analysis"}; {seconds(time)}
          </p>
        )}
        {broken && <p class="wrong">{typeof broken === "string" ? broken : broken.detail ?? `The first number that is not finite comes from ${broken.layer}.`}</p>}
      </div>
      {found && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Layers of the pass">
          <table class="plain wide">
            <thead><tr><th scope="col">Layer</th><th scope="col">Shape</th><th scope="col" class="num">Min</th><th scope="col" class="num">Mean</th><th scope="col" class="num">Max</th><th scope="col" class="num">NaN</th><th scope="col" class="num">Time</th></tr></thead>
            <tbody>
              {found.layers.map((one) => (
                <tr class={one.match ? "" : "differs"} onClick={() => select(one.name)}>
                  <th scope="row">{one.name}</th>
                  <td>{one.match ? "✓ " : "✕ "}{tuple(one.actual_shape)}</td>
                  <td class="num">{real(one.min)}</td><td class="num">{real(one.mean)}</td><td class="num">{real(one.max)}</td>
                  <td class={one.nan_count ? "num more" : "num none"}>{one.nan_count ?? 0}</td>
                  <td class="num">{seconds(one.seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
