import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ana, leo, mia, noor } from "../../sdk/sdktest";

const port = { id: mia, name: "Café du Port" };
const olives = { id: noor, name: "Les Oliviers" };

/** A page of its own, over what this browser has stored. */
async function page() {
  vi.resetModules();
  return import("./hidden");
}

let stored: Map<string, string>;

beforeEach(() => {
  stored = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  });
});

afterEach(() => vi.unstubAllGlobals());

test("what a member hides stays hidden for the next visit, for that member only", async () => {
  const first = await page();
  first.hide(ana, port);
  first.hide(ana, olives);
  first.hide(leo, olives);
  const next = await page();
  expect(next.hiddenBy(ana)).toEqual([port, olives]);
  expect(next.hiddenBy(leo)).toEqual([olives]);
  expect(next.hiddenBy(noor)).toEqual([]);
});

test("hiding twice is hiding once, under the name it bears now", async () => {
  const { hide, hiddenBy } = await page();
  hide(ana, port);
  hide(ana, { ...port, name: "Port" });
  expect(hiddenBy(ana)).toEqual([{ ...port, name: "Port" }]);
});

test("shown again, and forgotten with the member", async () => {
  const { forgetHidden, hide, hiddenBy, unhide } = await page();
  hide(ana, port);
  hide(ana, olives);
  hide(leo, port);
  unhide(ana, port.id);
  expect(hiddenBy(ana)).toEqual([olives]);
  forgetHidden(ana);
  expect(hiddenBy(ana)).toEqual([]);
  expect(stored.get("stoa.hidden")).not.toContain(ana);
  expect(hiddenBy(leo)).toEqual([port]);
});

test.each(["[]", "7", '{"x":7}', '{"x":[{"id":1,"name":"a"}]}', "{", '{"x":[null]}'])(
  "%s in the storage hides nothing",
  async (text) => {
    stored.set("stoa.hidden", text);
    const { hide, hiddenBy } = await page();
    expect(hiddenBy("x")).toEqual([]);
    hide("x", port);
    expect(hiddenBy("x")).toEqual([port]);
  },
);
