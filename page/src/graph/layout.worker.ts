/** Where boxes and arrows go, by dagre; chains of boxes go in as one tall box, so that a thousand layers take a second. */
import { Graph, layout } from "@dagrejs/dagre";
import { between, column, GAP, HEIGHT, type LaidOut, type Question, tall, WIDTH } from "./geometry";

const MANY = 150; // boxes, from which on the quicker ranking is taken

function laidOut({ id, boxes, arrows }: Question): LaidOut {
  const next = new Map<string, string[]>(boxes.map((box) => [box, []]));
  const from = new Map<string, string[]>(boxes.map((box) => [box, []]));
  for (const [a, b] of arrows) {
    next.get(a)!.push(b);
    from.get(b)!.push(a);
  }
  const headOf = new Map<string, string>();
  const chains = new Map<string, string[]>();
  const startOf = (box: string): string => {
    const path: string[] = [];
    let at = box;
    while (!headOf.has(at)) {
      path.push(at);
      const [before, ...others] = from.get(at)!;
      if (before === undefined || others.length || next.get(before)!.length > 1 || path.includes(before)) break;
      at = before;
    }
    const head = headOf.get(at) ?? at;
    for (const one of path.reverse()) {
      headOf.set(one, head);
      chains.set(head, [...(chains.get(head) ?? []), one]);
    }
    return head;
  };
  boxes.forEach(startOf);
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "TB", nodesep: 22, edgesep: 12, ranksep: GAP, ranker: chains.size > MANY ? "tight-tree" : "network-simplex" } as any);
  for (const [head, chain] of chains) graph.setNode(head, { width: WIDTH, height: tall(chain.length) });
  for (const [a, b] of arrows) if (headOf.get(a) !== headOf.get(b)) graph.setEdge(headOf.get(a)!, headOf.get(b)!, { points: [] } as any);
  layout(graph as any);
  const places: LaidOut["places"] = {};
  for (const [head, chain] of chains) {
    const { x, y, height } = graph.node(head) as any;
    Object.assign(places, Object.fromEntries(column(chain, x, y - height / 2)));
  }
  const paths = arrows.map(([a, b]): [number, number][] => {
    const ends = between(places[a], places[b]);
    if (headOf.get(a) === headOf.get(b)) return ends;
    const points = (graph.edge(headOf.get(a)!, headOf.get(b)!) as any).points as { x: number; y: number }[];
    return [ends[0], ...points.slice(1, -1).map(({ x, y }): [number, number] => [x, y]), ends[1]];
  });
  const size = graph.graph() as any;
  return { id, places, paths, width: size.width ?? WIDTH, height: size.height ?? HEIGHT };
}

self.onmessage = ({ data }: MessageEvent<Question>) => {
  const began = performance.now();
  const answer = laidOut(data);
  self.postMessage({ ...answer, milliseconds: performance.now() - began });
};
