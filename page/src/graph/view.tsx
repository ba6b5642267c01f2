/** The network drawn: pan, zoom, fold, search, select. Only what is in sight is in the document. */
import { memo } from "preact/compat";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { namesIn } from "../formulas";
import { measure, sizes } from "../numbers";
import type { Change, Count, Fault, Report } from "../types";
import { above, below, curve, HEIGHT, type LaidOut, turnsRight, WIDTH } from "./geometry";
import type { Gone } from "./gone";
import { layOut } from "./layout";
import { type Box, network, type Network } from "./network";
import { METRICS, STEPS, steps } from "./scale";
import { usePrinting } from "../state";
import { pictureOf, save } from "./picture";

export interface GraphProps {
  report: Pick<Report, "inputs" | "layers"> & { model?: Report["model"] };
  faults: Fault[];
  changes: Map<string, Change>;
  gone?: Gone;
  turn: number; // of the documents that were opened
  stale: "old" | "none" | null; // whether what is drawn is of a text that was mended since, or of nothing
  selected: string | null;
  binary: boolean;
  select(name: string | null): void;
}

interface View {
  x: number;
  y: number;
  k: number;
}

const clip = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, Math.ceil(most / 2) - 1)}…${text.slice(text.length - Math.floor(most / 2))}`;

const PAPER = { height: 880, small: 0.25 }; // a page, as style.css has it; paper is finer than a screen
const SMALL = 0.42; // below this scale texts are left out

export function Graph(props: GraphProps) {
  const { report, selected, select } = props;
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [metric, setMetric] = useState("params");
  const [words, setWords] = useState("");
  const [laid, setLaid] = useState<{ network: Network; found: LaidOut; turn: number } | null>(null);
  const [view, setView] = useState<View>({ x: 0, y: 0, k: 1 });
  const [size, setSize] = useState({ width: 600, height: 600 });
  const frame = useRef<HTMLDivElement>(null);
  const fitted = useRef("");
  const drawn = useMemo(() => network(report, opened, props.gone), [report, opened, props.gone]);

  const layoutKey = useMemo(() => [...drawn.boxes.keys(), "", ...drawn.arrows.map(({ from, to }) => `${from}\t${to}`)].join("\n"), [drawn]);
  const lastKey = useRef("");
  useEffect(() => {
    if (lastKey.current === layoutKey && laid) return setLaid({ network: drawn, found: laid.found, turn: props.turn });
    if (!drawn.boxes.size) return;
    layOut([...drawn.boxes.keys()], drawn.arrows.map(({ from, to }) => [from, to]), (found) => {
      lastKey.current = layoutKey;
      setLaid({ network: drawn, found, turn: props.turn });
    });
  }, [drawn, layoutKey]);

  useLayoutEffect(() => {
    const element = frame.current!;
    const watch = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const fit = (whole: boolean) => {
    if (!laid) return;
    const { width, height } = laid.found;
    const wide = Math.min(1, (size.width - 48) / width);
    const k = whole ? Math.min(wide, (size.height - 48) / height) : Math.max(wide, 0.55);
    setView({ k, x: (size.width - width * k) / 2, y: whole ? Math.max(24, (size.height - height * k) / 2) : 24 });
  };
  const stale = useRef<Network | null>(null); // what was drawn before another document was opened
  const turn = useRef(props.turn);
  const named = useRef(""); // while a fault is written and mended again the view stays where it is
  if (report.model) named.current = `${report.model.name}\t${report.inputs.map((one) => one.name)}`;
  if (turn.current !== props.turn) {
    turn.current = props.turn;
    stale.current = drawn;
  }
  const origin = `${props.turn}\t${named.current}`;
  useEffect(() => {
    if (!laid || laid.network !== drawn || drawn === stale.current || size.width < 50 || fitted.current === origin) return;
    fitted.current = origin;
    fit(false);
  }, [laid, size, origin]);

  const centre = (id: string) => {
    const place = laid?.found.places[id];
    if (place) setView((now) => ({ k: Math.max(now.k, 0.7), x: size.width / 2 - place[0] * Math.max(now.k, 0.7), y: size.height / 2 - place[1] * Math.max(now.k, 0.7) }));
  };
  const inSight = (id: string): boolean => {
    const place = laid?.found.places[id];
    if (!place) return true;
    const [x, y] = [place[0] * view.k + view.x, place[1] * view.k + view.y];
    return x > 40 && y > 20 && x < size.width - 40 && y < size.height - 20;
  };
  useEffect(() => {
    const box = selected && laid?.network.boxOf.get(selected);
    if (box && !inSight(box)) centre(box);
  }, [selected, laid]);

  const scale = useMemo(() => (laid ? steps(laid.network.boxes.values(), metric) : new Map()), [laid, metric]);
  const matches = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    if (!wanted || !laid) return null;
    return [...laid.network.boxes.values()].filter(
      (box) => box.title.toLowerCase().includes(wanted) || box.rows.some((row) => `${row.name} ${row.type}`.toLowerCase().includes(wanted)),
    ).map((box) => box.id);
  }, [words, laid]);
  const faulty = new Set(props.faults.flatMap((one) => (one.layer ? [one.layer] : [])));
  const toggle = (group: string) => {
    const next = new Set(opened);
    next.has(group) ? next.delete(group) : next.add(group);
    setOpened(next);
  };
  const selectedBox = selected ? laid?.network.boxOf.get(selected) ?? null : null;

  const zoom = (factor: number, x = size.width / 2, y = size.height / 2) =>
    setView((now) => {
      const k = Math.min(2.5, Math.max(0.03, now.k * factor));
      return { k, x: x - ((x - now.x) * k) / now.k, y: y - ((y - now.y) * k) / now.k };
    });
  const dragged = useRef(false);
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const down = (event: PointerEvent) => {
    if (event.button > 0) return;
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    dragged.current = false;
  };
  const move = (event: PointerEvent) => {
    const was = pointers.current.get(event.pointerId);
    if (!was) return;
    const [dx, dy] = [event.clientX - was.x, event.clientY - was.y];
    if (!dragged.current && Math.hypot(dx, dy) < 4) return;
    if (!dragged.current) frame.current!.setPointerCapture(event.pointerId);
    dragged.current = true;
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (other) {
      const box = frame.current!.getBoundingClientRect();
      const before = Math.hypot(was.x - other.x, was.y - other.y);
      const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      if (before > 0) zoom(after / before, (event.clientX + other.x) / 2 - box.left, (event.clientY + other.y) / 2 - box.top);
    } else setView((now) => ({ ...now, x: now.x + dx, y: now.y + dy }));
  };
  const up = (event: PointerEvent) => pointers.current.delete(event.pointerId);
  useEffect(() => {
    const element = frame.current!;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey || !event.shiftKey && Math.abs(event.deltaY) >= 40 && event.deltaX === 0)
        zoom(Math.exp(-event.deltaY / 500), event.clientX - box.left, event.clientY - box.top);
      else setView((now) => ({ ...now, x: now.x - event.deltaX - (event.shiftKey ? event.deltaY : 0), y: now.y - (event.shiftKey ? 0 : event.deltaY) }));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [size]);

  const order = laid ? [...laid.network.boxes.keys()] : [];
  const keys = (event: KeyboardEvent) => {
    const at = selectedBox ? order.indexOf(selectedBox) : -1;
    const go = (index: number) => {
      const box = laid?.network.boxes.get(order[Math.min(Math.max(index, 0), order.length - 1)]);
      if (box) select(box.rows[0]?.name ?? box.id);
    };
    const beside = (forward: boolean) => {
      const found = laid?.network.arrows.find((one) => (forward ? one.from : one.to) === selectedBox);
      if (found) go(order.indexOf(forward ? found.to : found.from));
      else if (at < 0) go(0);
    };
    const done: Record<string, () => void> = {
      ArrowDown: () => beside(true),
      ArrowUp: () => beside(false),
      ArrowRight: () => go(at + 1),
      ArrowLeft: () => go(at - 1),
      Home: () => go(0),
      End: () => go(order.length - 1),
      Enter: () => selectedBox && laid?.network.boxes.get(selectedBox)?.kind === "group" && toggle(selectedBox),
      Escape: () => select(null),
      "+": () => zoom(1.25),
      "=": () => zoom(1.25),
      "-": () => zoom(0.8),
      "0": () => fit(true),
    };
    if (event.key in done && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      done[event.key]();
    }
  };
  const search = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !matches?.length) return;
    const next = matches[(matches.indexOf(selectedBox ?? "") + (event.shiftKey ? matches.length - 1 : 1)) % matches.length];
    const box = laid!.network.boxes.get(next)!;
    select(box.rows[0]?.name ?? box.id);
    centre(next);
  };

  // what is in sight, in steps of half the frame, so that small movements draw nothing anew
  const step = Math.max(size.width, size.height) / 2 / view.k;
  const whole = usePrinting() && laid ? laid.found : null; // on paper all of it, in as much room as there is
  const sight = whole ? { left: 0, top: 0, right: whole.width, bottom: whole.height } : {
    left: Math.floor(-view.x / view.k / step) * step - step * 0.5,
    top: Math.floor(-view.y / view.k / step) * step - step * 0.5,
    right: (Math.floor((-view.x + size.width) / view.k / step) + 1) * step + step * 0.5,
    bottom: (Math.floor((-view.y + size.height) / view.k / step) + 1) * step + step * 0.5,
  };
  const hidden = props.stale === "none" || (props.stale === "old" && laid?.turn !== props.turn);
  const folded = laid ? [...laid.network.groups.keys()].filter((one) => !opened.has(one)).length : 0;
  const groups = laid?.network.groups.size ?? 0;
  const around = selected ? laid?.network.groupsOf.get(selected)?.filter((one) => opened.has(one)) ?? [] : [];

  return (
    <section class="graph" aria-label="Graph">
      <div class="tools">
        <label class="field">
          <span class="unseen">Colour by</span>
          <select class="metric" value={metric} title="Colour by" onChange={(event) => setMetric(event.currentTarget.value)}>
            {METRICS.map(([name, title]) => <option value={name}>{title}</option>)}
          </select>
        </label>
        <input class="search" type="search" placeholder="Find" aria-label="Find a layer" value={words} onInput={(event) => setWords(event.currentTarget.value)} onKeyDown={search} />
        {matches && <span class="count" role="status">{matches.length} found</span>}
        <span class="spring" />
        {around.length > 0 && <button type="button" onClick={() => toggle(around[around.length - 1])}>Fold block</button>}
        {groups > 0 && !hidden && (folded > 0
          ? <button type="button" onClick={() => setOpened(new Set(laid!.network.groups.keys()))}>Unfold all</button>
          : <button type="button" onClick={() => setOpened(new Set())}>Fold all</button>)}
        <span class="joined">
          <button type="button" aria-label="Zoom out" onClick={() => zoom(0.8)}>−</button>
          <button type="button" aria-label="Fit the whole network" onClick={() => fit(true)}>{Math.round(view.k * 100)} %</button>
          <button type="button" aria-label="Zoom in" onClick={() => zoom(1.25)}>+</button>
        </span>
      </div>
      <div
        class="frame" ref={frame} tabIndex={0} role="application" aria-roledescription="graph" aria-label={`Network of ${report.layers.length} layers; arrow keys go along it, Enter opens a block`}
        onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onKeyDown={keys}
      >
        <svg class={props.stale ? "drawing stale" : "drawing"} width={whole ? "100%" : size.width} height={whole ? "100%" : size.height} viewBox={whole ? `-5 -5 ${whole.width + 10} ${whole.height + 10}` : undefined} aria-hidden="true" data-milliseconds={laid?.found.milliseconds?.toFixed(0)} data-boxes={laid?.network.boxes.size ?? 0}>
          <defs>
            <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8 7.5 4 0 7.2Z" /></marker>
          </defs>
          <g transform={whole ? undefined : `translate(${view.x} ${view.y}) scale(${view.k})`}>
            {laid && !hidden && (
              <Content
                laid={laid} scale={scale} metric={metric} binary={props.binary} plain={whole ? PAPER.height / whole.height < PAPER.small : view.k < SMALL}
                left={sight.left} top={sight.top} right={sight.right} bottom={sight.bottom}
                selected={selectedBox} matches={matches} faulty={faulty} changes={props.changes}
                pick={(box: Box) => {
                  if (dragged.current) return;
                  if (box.kind === "group") toggle(box.id);
                  select(box.rows[0]?.name ?? box.id);
                  frame.current?.focus({ preventScroll: true });
                }}
              />
            )}
          </g>
        </svg>
        <p class="unseen" aria-live="polite">{selectedBox && laid ? said(laid.network.boxes.get(selectedBox)) : ""}</p>
        {laid && !hidden && <Minimap found={laid.found} view={view} size={size} go={setView} scale={scale} />}
      </div>
      <div class="foot">
        {laid && !props.stale && <Legend metric={metric} scale={scale} binary={props.binary} />}
        {props.stale && <p class="soft" role="status">{hidden ? "The network is drawn here as it is written." : "Drawn as it was before the fault."}</p>}
        <span class="spring" />
        <span class="joined">
          <button type="button" disabled={!laid || hidden} onClick={() => laid && save(pictureOf(laid.network, laid.found, scale, "svg"), `${report.model?.name ?? "network"}.svg`)}>SVG</button>
          <button type="button" disabled={!laid || hidden} onClick={() => laid && save(pictureOf(laid.network, laid.found, scale, "png"), `${report.model?.name ?? "network"}.png`)}>PNG</button>
        </span>
      </div>
    </section>
  );
}

/** f(H, W): what a count depends on that is no number. */
function dependsOn(box: Box, metric: string): string {
  const names = new Set(box.rows.flatMap((row) => namesIn(row.formulas?.[metric] ?? "")));
  return names.size ? `f(${[...names].slice(0, 3).join(", ")}${names.size > 3 ? ", …" : ""})` : "";
}

const said = (box: Box | undefined): string => (box ? `${box.title}, ${box.type}, ${sizes(box.shape)}` : "");

interface ContentProps {
  laid: { network: Network; found: LaidOut };
  scale: ReturnType<typeof steps>;
  metric: string;
  binary: boolean;
  plain: boolean;
  left: number;
  top: number;
  right: number;
  bottom: number;
  selected: string | null;
  matches: string[] | null;
  faulty: Set<string>;
  changes: Map<string, Change>;
  pick(box: Box): void;
}

const Content = memo(
  function Content(props: ContentProps) {
    const { laid: { network, found }, scale, plain } = props;
    const sees = (x: number, y: number) => x + WIDTH > props.left && x - WIDTH < props.right && y + HEIGHT > props.top && y - HEIGHT < props.bottom;
    const matched = props.matches && new Set(props.matches);
    const shapes: preact.JSX.Element[] = []; // over all arrows
    const told = new Map<string, string>(); // the shape that stands under a box, once for all of its arrows
    const arrows = network.arrows.flatMap((arrow, index) => {
      const points = found.paths[index];
      if (!points) return [];
      const ys = points.map(([, y]) => y);
      if (Math.min(...ys) > props.bottom || Math.max(...ys) < props.top) return [];
      const lit = props.selected === arrow.from || props.selected === arrow.to;
      const shape = sizes(arrow.shape);
      const again = told.get(arrow.from) === shape;
      const [x, y] = !told.has(arrow.from) && !turnsRight(points) ? below(points) : above(points); // another shape has its own place
      told.set(arrow.from, shape);
      if (!plain && !again) shapes.push(<text class="shape" x={x} y={y}>{shape}</text>);
      return [<path class={lit ? "arrow lit" : "arrow"} d={curve(points)} marker-end={plain ? undefined : "url(#tip)"} />];
    });
    const boxes = [...network.boxes.values()].flatMap((box) => {
      const place = found.places[box.id];
      if (!place || !sees(place[0], place[1])) return [];
      const [x, y] = [place[0] - WIDTH / 2, place[1] - HEIGHT / 2];
      const { step, value, share } = scale.get(box.id) ?? { step: 0, value: null, share: 0 };
      const change = box.rows.map((row) => props.changes.get(row.name)?.change).find(Boolean);
      const fault = box.rows.some((row) => props.faulty.has(row.name));
      const names = ["box", box.kind, `s${step}`, change, fault && "faulty", props.selected === box.id && "selected", matched && (matched.has(box.id) ? "match" : "dim")];
      return [
        <g key={box.id} class={names.filter(Boolean).join(" ")} transform={`translate(${x} ${y})`} data-box={box.id} onClick={() => props.pick(box)}>
          <title>{said(box)}</title>
          {box.kind === "group" && <rect class="behind" x="4" y="4" width={WIDTH} height={HEIGHT} rx="3" />}
          <rect class="face" width={WIDTH} height={HEIGHT} rx={box.kind === "input" ? HEIGHT / 2 : 3} />
          {!plain && <text class="name" x="10" y="17">{clip(box.title, box.kind === "group" ? 22 : 24)}</text>}
          {!plain && <text class="type" x="10" y="32">{clip(box.type, 20)}</text>}
          {!plain && Number(value) > 0 && <text class="value" x={WIDTH - 9} y="32">{measure(props.metric, value, props.binary)}</text>}
          {!plain && value === null && <text class="value" x={WIDTH - 9} y="32">{dependsOn(box, props.metric)}</text>}
          {share > 0 && <rect class="share" x="0" y={HEIGHT - 3} width={Math.max(2, share * WIDTH)} height="3" />}
          {box.kind === "group" && !plain && <text class="opener" x={WIDTH - 9} y="17">▸</text>}
        </g>,
      ];
    });
    return <g><g>{arrows}</g><g>{shapes}</g><g>{boxes}</g></g>;
  },
  (was, now) =>
    (Object.keys(now) as (keyof ContentProps)[]).every((key) =>
      key === "pick" ? true : key === "faulty" ? [...was.faulty].join() === [...now.faulty].join() : was[key] === now[key],
    ),
);

/** What the colours say: the steps of the scale, from nothing to the largest. */
function Legend({ metric, scale, binary }: { metric: string; scale: ReturnType<typeof steps>; binary: boolean }) {
  const most = [...scale.values()].reduce<Count>((best, one) => (Number(one.value ?? 0) > Number(best ?? 0) ? one.value : best), 0);
  const title = METRICS.find(([name]) => name === metric)?.[1] ?? metric;
  return (
    <p class="legend" title="By the square root of the share of the largest">
      <span>{title}: 0</span>
      <svg width={STEPS * 12 + 12} height="10" aria-hidden="true">{Array.from({ length: STEPS + 1 }, (_, step) => <rect class={`s${step}`} x={step * 12} width="12" height="10" />)}</svg>
      <span>{measure(metric, most, binary)}</span>
    </p>
  );
}

function Minimap({ found, view, size, go, scale }: { found: LaidOut; view: View; size: { width: number; height: number }; go(view: View): void; scale: ReturnType<typeof steps> }) {
  const k = Math.min(110 / found.width, 150 / found.height);
  const marks = useMemo(
    () => Object.entries(found.places).map(([id, [x, y]]) => (
      <rect class={`s${scale.get(id)?.step ?? 0}`} x={(x - WIDTH / 2) * k} y={(y - HEIGHT / 2) * k} width={Math.max(WIDTH * k, 1)} height={Math.max(HEIGHT * k, 0.8)} />
    )),
    [found, scale, k],
  );
  const whole = found.width * view.k <= size.width && found.height * view.k <= size.height;
  if (whole) return null;
  const jump = (event: PointerEvent) => {
    event.stopPropagation();
    if (event.type === "pointermove" && !event.buttons) return;
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / k, (event.clientY - box.top) / k];
    go({ ...view, x: size.width / 2 - x * view.k, y: size.height / 2 - y * view.k });
  };
  return (
    <svg class="minimap" width={Math.max(found.width * k, 12)} height={found.height * k} aria-hidden="true" onPointerDown={jump} onPointerMove={jump}>
      {marks}
      <rect class="sight" x={(-view.x / view.k) * k} y={(-view.y / view.k) * k} width={(size.width / view.k) * k} height={(size.height / view.k) * k} />
    </svg>
  );
}

