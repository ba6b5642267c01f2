/** A part of the page that is fetched when it is first shown. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): (props: Props) => preact.JSX.Element {
  let found: ComponentType<Props> | null = null;
  return function Lazy(props: Props) {
    const [Part, setPart] = useState<ComponentType<Props> | null>(() => found);
    useEffect(() => {
      if (!Part) load().then((one) => ((found = one), setPart(() => one)));
    }, []);
    return Part ? <Part {...props} /> : <p class="pad soft">…</p>;
  };
}
