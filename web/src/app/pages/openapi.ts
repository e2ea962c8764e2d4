/** As much of OpenAPI 3.1 as the node's own document uses. */
export interface Document {
  info: { title: string; description?: string; version: string };
  servers: { url: string }[];
  paths: Record<string, Partial<Record<Method, OperationObject>>>;
  components: { schemas: Record<string, Schema> };
}

export const methods = ["get", "post", "put", "patch", "delete"] as const;
export type Method = (typeof methods)[number];

export interface OperationObject {
  operationId: string;
  summary?: string;
  description?: string;
  security?: unknown[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
  responses: Record<string, { description?: string; content?: Record<string, { schema?: Schema }> }>;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  schema?: Schema;
}

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  oneOf?: Schema[];
  default?: unknown;
}

/** One operation with its place. */
export interface Operation extends OperationObject {
  method: Method;
  path: string;
}

const prefix = "#/components/schemas/";

/** The name that a reference leads to. */
export function nameOf(ref: string): string {
  return ref.slice(prefix.length);
}

/** The schema itself, of a schema or of a reference to one. */
export function resolve(doc: Document, schema: Schema): Schema {
  return schema.$ref === undefined ? schema : (doc.components.schemas[nameOf(schema.$ref)] ?? {});
}

/** All operations, in groups by the first part of their path. */
export function groups(doc: Document): [name: string, operations: Operation[]][] {
  const all = new Map<string, Operation[]>();
  for (const [path, item] of Object.entries(doc.paths)) {
    const group = path.split("/")[1] ?? "";
    for (const method of methods) {
      const operation = item[method];
      if (operation !== undefined) all.set(group, [...(all.get(group) ?? []), { ...operation, method, path }]);
    }
  }
  return [...all.entries()];
}

/** A type in a word: "string", "Member[]", "string | null". */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.items !== undefined) return `${typeOf(schema.items)}[]`;
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type;
  return (type ?? (schema.oneOf ? schema.oneOf.map(typeOf).join(" | ") : "any")) + (schema.format ? ` (${schema.format})` : "");
}

/** A body to start from: every required member with an empty value of its type. */
export function example(doc: Document, schema: Schema, depth = 0): unknown {
  const s = resolve(doc, schema);
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  if (s.enum?.[0] !== undefined) return s.enum[0];
  if (type === "object") {
    if (depth > 4) return {};
    return Object.fromEntries((s.required ?? []).map((name) => [name, example(doc, s.properties?.[name] ?? {}, depth + 1)]));
  }
  const empty: Readonly<Record<string, unknown>> = { array: [], integer: 0, number: 0, boolean: false };
  return empty[type ?? ""] ?? "";
}
