import { describe, expect, test } from "vitest";
import document from "../../../../api/openapi.json";
import { example, groups, nameOf, resolve, typeOf, type Document } from "./openapi";

const doc = document as unknown as Document;

describe("the node's own document", () => {
  test("every operation is in a group, with what its page shows", () => {
    const all = groups(doc).flatMap(([, operations]) => operations);
    expect(all.length).toBeGreaterThan(25);
    expect(new Set(all.map((o) => o.operationId)).size).toBe(all.length);
    for (const o of all) expect(o.summary, o.operationId).toBeTruthy();
  });

  test("every reference leads somewhere", () => {
    for (const ref of JSON.stringify(doc).matchAll(/"\$ref":"([^"]+)"/g)) {
      expect(doc.components.schemas[nameOf(ref[1] ?? "")], ref[1]).toBeDefined();
    }
  });

  test("bodies begin with what is required", () => {
    const join = doc.components.schemas["JoinRequest"];
    expect(example(doc, { $ref: "#/components/schemas/JoinRequest" })).toMatchObject({ join: "", profile: "" });
    expect(typeOf({ type: "array", items: { $ref: "#/components/schemas/Member" } })).toBe("Member[]");
    expect(resolve(doc, { $ref: "#/components/schemas/JoinRequest" })).toBe(join);
  });
});
