/** What is left open by the document, and how things are counted. */
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import type { Device, Fault, Report } from "./types";

interface OptionsProps {
  options: api.Options;
  change(options: api.Options): void;
  code: boolean;
  /** The names of sizes, with their ranges. */
  dims: Report["dims"];
  faults: Fault[];
}

/** What bytes are counted of, as if it were stored otherwise. */
const PLAIN = ["float16", "bfloat16", "int8"];
const STORED: ["weightDtype" | "activationDtype", string, string, string[]][] = [
  ["weightDtype", "weight_dtype", "Weights as", [...PLAIN, "int8:channel", "int4", "int4:32"]],
  ["activationDtype", "activation_dtype", "Activations as", [...PLAIN, "int4"]],
];

export function OptionsBar({ options, change, code, dims, faults }: OptionsProps) {
  const [conventions, setConventions] = useState<{ name: string; tool: string }[]>([]);
  const [devices, setDevices] = useState<Device[]>([]);
  const load = () => {
    api.conventions().then(setConventions, () => undefined);
    api.devices().then(setDevices, () => undefined);
  };
  useEffect(() => {
    const wait = setTimeout(load, 400); // after what is seen first
    return () => clearTimeout(wait);
  }, []);
  const set = (name: keyof api.Options) => (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) => change({ ...options, [name]: event.currentTarget.value });
  const wrong = (name: string) => faults.some((one) => one.parameter === name) || undefined;
  return (
    <section class="options" aria-label="Options">
      <label class="field"><span>Input shape</span><input size={12} placeholder="as written" aria-invalid={wrong("input_shape")} value={options.inputShape} onInput={set("inputShape")} title="28, 28, 1 or H, W, 3: sizes without the batch; left:16; right:16 for several inputs" /></label>
      {(dims || options.dims) && <label class="field"><span>Sizes</span><input size={16} placeholder={dims ? Object.keys(dims).map((name) => `${name}=…`).join(", ") : ""} aria-invalid={wrong("dims")} value={options.dims} onInput={set("dims")} title="What the named sizes are: H=224, or a range that they lie in: W=32..512" /></label>}
      <label class="field"><span>Batch</span><input size={4} inputMode="numeric" placeholder="1" aria-invalid={wrong("batch_size")} value={options.batchSize} onInput={set("batchSize")} /></label>
      {code && <label class="field"><span>Entry</span><input size={14} placeholder="the last model" aria-invalid={wrong("entry")} value={options.entry} onInput={set("entry")} title="The expression that makes the model, such as build_model(10)" /></label>}
      <label class="field"><span>Count also as</span>
        <select value={options.convention} onChange={set("convention")} onFocus={load}>
          <option value="">layercalc only</option>
          {(conventions.length ? conventions : options.convention ? [{ name: options.convention, tool: options.convention }] : []).map((one) => <option value={one.name}>{one.tool}</option>)}
        </select>
      </label>
      <label class="field"><span>Device</span>
        <select value={options.device} onChange={set("device")} onFocus={load}>
          <option value="">none</option>
          {(devices.length ? devices : options.device ? [{ name: options.device, title: options.device } as Device] : []).map((one) => <option value={one.name}>{one.title}</option>)}
        </select>
      </label>
      {STORED.map(([name, parameter, title, dtypes]) => (
        <label class="field"><span>{title}</span>
          <select class="dtype" value={options[name]} aria-invalid={wrong(parameter)} onChange={set(name)}>
            <option value="">written</option>
            {[...dtypes, ...(options[name] && !dtypes.includes(options[name]) ? [options[name]] : [])].map((one) => <option value={one}>{one}</option>)}
          </select>
        </label>
      ))}
      {faults.map((one) => <p class="wrong">{one.detail}</p>)}
    </section>
  );
}
