/** Networks to begin with, from the service's own list: small ones in lines, those of keras.applications by their names. */
import { useState } from "preact/hooks";
import * as api from "./api";
import { readable } from "./json";
import { Item, Menu } from "./parts";

const BROKEN = "One that does not fit";

/** LeNet-5 with a window that is larger than what it slides over. */
const broken = (text: string): string => text.replace(/("filters": 16, "kernel_size": )\d+/, "$115");

export function Gallery({ show, failed }: { show(text: string): void; failed(message: string): void }) {
  const [list, setList] = useState<api.Example[]>([]);
  const told = (error: Error) => failed(error.message);
  const load = () => void api.examples().then(setList, told);
  const open = (name: string, change = (text: string) => text) => api.example(name).then((text) => show(change(readable(text))), told);
  const groups = [...new Set(list.map((one) => one.group))];
  const of = (group: string) => list.filter((one) => one.group === group);
  return (
    <Menu title="Examples" kind="right broad" opened={load}>
      {!list.length && <p class="soft">Asking the service…</p>}
      {groups.slice(0, 1).map((group) => (
        <>
          {of(group).map((one) => <Item key={one.name} note={one.description} onClick={() => open(one.name)}>{one.name}</Item>)}
          <Item note="a fault, and the change that mends it" onClick={() => open("lenet", broken)}>{BROKEN}</Item>
        </>
      ))}
      {groups.slice(1).map((group) => (
        <section class="many" aria-label={group}>
          <h2>{group}</h2>
          <div>{of(group).map((one) => <button type="button" key={one.name} data-closes onClick={() => open(one.name)}><span>{one.name}</span></button>)}</div>
        </section>
      ))}
    </Menu>
  );
}
