/** What the service answers, as openapi.yaml says it; only what the page reads. */

/** A count is exact: one past 2^53 arrives as a bigint, one that an unknown size makes unknowable as null. */
export type Count = number | bigint | null;
/** A size is a number, a formula in signs of the names that sizes have, or null. */
export type Shape = (number | string | null)[];
/** The expressions of counts that are null as they depend on sizes by name. */
export type Formulas = Record<string, string>;

/** The expressions of a shape's sizes; null for one that has no name. */
export type ShapeFormula = (string | null)[];

export interface Place {
  pointer?: string;
  line?: number;
  column?: number;
  cell?: number;
  parameter?: string;
}

export interface Weight {
  name: string;
  shape: Shape;
  dtype: string;
  trainable: boolean;
  shared?: boolean;
}

export interface Row extends Place {
  name: string;
  type: string;
  layer?: string;
  module?: string;
  inputs: string[];
  input_shapes: Shape[];
  output_shape: Shape;
  input_formulas?: (ShapeFormula | null)[];
  output_formula?: ShapeFormula;
  formulas?: Formulas;
  params: Count;
  trainable_params: Count;
  non_trainable_params: Count;
  macs: Count;
  flops: Count;
  param_bytes: Count;
  activation_bytes: Count;
  live_bytes?: Count;
  weights: Weight[];
  arithmetic_intensity: number | null;
  receptive_field?: { size: (number | null)[] } | null;
  counts?: Record<string, Count>;
  explain?: string[];
  roofline?: { seconds: number; bound: string } | null;
}

/** A module that has rows inside, `first` to `last`: their sums, and the shape that it gives. */
export interface Module extends Pick<Row, "name" | "type" | "output_shape" | "output_formula" | "formulas" | "params" | "trainable_params" | "non_trainable_params" | "macs" | "flops" | "param_bytes" | "activation_bytes" | "counts"> {
  depth: number;
  first: string;
  last: string;
}

export interface Tensor {
  name: string;
  shape: Shape;
  shape_formula?: ShapeFormula;
  dtype: string;
}

export interface Report {
  model: { name: string; format: string; vocabulary: string; entry?: string };
  batch_size: number | null;
  inputs: Tensor[];
  outputs: Tensor[];
  layers: Row[];
  modules?: Module[];
  totals: Record<string, Count> & { counts?: Record<string, Count>; formulas?: Formulas };
  dims?: Record<string, { min: number; max: number | null }>;
  conditions?: string[];
  memory: { formulas?: Formulas; peak_layer: string | null; inference_bytes: Count; training: { total_bytes: Record<string, Count> } };
  warnings: Fault[];
  conventions?: Record<string, { tool: string; unit: string; rule: string }>;
  roofline?: { device: Device; seconds: number | null; rule: string };
}

export interface Device {
  name: string;
  title: string;
  peak_flops: Record<string, number>;
  bandwidth: number;
}

/** One change that would mend a fault: a value at a pointer, or a text in place of a range of code. */
export type Fix =
  | { pointer: string; value: unknown }
  | { line: number; column: number; end_line: number; end_column: number; text: string };

export interface Fault extends Place {
  detail: string;
  layer?: string;
  fix?: Fix;
}

export interface Problem {
  title: string;
  status: number;
  detail: string;
  errors?: Fault[];
  layers?: Row[];
}

export interface Change {
  change: "added" | "removed" | "changed";
  before: string | null;
  after: string | null;
  type: string;
  fields: Record<string, [unknown, unknown]>;
  output_shape: [Shape | null, Shape | null];
  deltas: Record<string, Count>;
}

export interface Difference {
  identical: boolean;
  totals: Record<string, { before: Count; after: Count; delta: Count }>;
  layers: Change[];
}

export interface Verdict {
  passed: boolean;
  results: {
    metric: string;
    level: string;
    limit: Count;
    actual: Count;
    passed: boolean;
    detail: string;
    layers?: { name: string; part: Count }[];
  }[];
}

export interface Pass {
  verified: boolean;
  layers: {
    name: string;
    type: string;
    analytic_shape: Shape;
    actual_shape: Shape;
    match: boolean;
    seconds?: number;
    min?: number | null;
    max?: number | null;
    mean?: number | null;
    nan_count?: number;
    inf_count?: number;
  }[];
  outputs: { name: string; shape: Shape }[];
  non_finite: { layer?: string; detail?: string } | string | null;
}

export interface LayerField {
  name: string;
  required: boolean;
  default?: unknown;
  schema: Record<string, any>;
}

export interface LayerType {
  type: string;
  family: string;
  description: string;
  aliases: string[];
}

export interface Sweep {
  count: number;
  valid: number;
  rows: ({ values: Record<string, unknown> } & Record<string, unknown>)[];
  refused: { detail: string; count: number; example: Record<string, unknown> }[];
}
