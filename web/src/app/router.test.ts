import { beforeEach, expect, it, vi } from "vitest";

// A browser's history of one page: traversals take their time, as in browsers.
class Tab extends EventTarget {
  entries: { href: string; state: unknown }[] = [];
  moves = 0; // under way: the browser takes its time
  at = 0;
  left = false;

  constructor(href: string) {
    super();
    this.entries = [{ href, state: null }];
  }

  get now() {
    return this.entries[this.at] ?? { href: "about:blank", state: null };
  }

  put(state: unknown, url: URL | string, push: boolean) {
    const href = new URL(url, this.now.href).href;
    if (push) this.entries = this.entries.slice(0, ++this.at);
    this.entries[this.at] = { href, state: structuredClone(state) };
  }

  go(by: number) {
    this.moves++;
    setTimeout(() => {
      this.moves--;
      if (this.at + by < 0) this.left = true;
      else if (this.at + by < this.entries.length) {
        this.at += by;
        this.dispatchEvent(new Event("popstate"));
      }
    });
  }

  get paths() {
    return this.entries.map(({ href }) => new URL(href).pathname);
  }
}

const origin = "https://cafe.example";
const id = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/** Until the tab is where it goes, however slow the machine is. */
async function settled(): Promise<void> {
  do await new Promise((resolve) => setTimeout(resolve));
  while (tab.moves > 0);
}

let tab: Tab;

async function arrive(path: string) {
  tab = new Tab(origin + path);
  vi.stubGlobal("location", {
    origin,
    get href() {
      return tab.now.href;
    },
  });
  vi.stubGlobal("history", {
    get state() {
      return tab.now.state;
    },
    pushState: (state: unknown, _: string, url: URL | string) => tab.put(state, url, true),
    replaceState: (state: unknown, _: string, url: URL | string) => tab.put(state, url, false),
    back: () => tab.go(-1),
  });
  vi.stubGlobal("addEventListener", tab.addEventListener.bind(tab));
  vi.stubGlobal("document", new EventTarget());
  vi.stubGlobal("scrollTo", () => undefined);
  vi.resetModules();
  const router = await import("./router");
  router.startRouter();
  return router;
}

beforeEach(() => vi.unstubAllGlobals());

it("Back minimises a room that was arrived at directly", async () => {
  const { hallwayBelow, route } = await arrive(`/r/${id}`);
  hallwayBelow();
  hallwayBelow();
  expect(tab.paths).toEqual(["/", `/r/${id}`]);
  tab.go(-1);
  await settled();
  expect([route.value, tab.left]).toEqual([{ page: "hallway" }, false]);
});

it("what lies below a room already stays there", async () => {
  const { hallwayBelow, navigate, paths } = await arrive("/me");
  navigate(paths.room(id));
  hallwayBelow();
  expect(tab.paths).toEqual(["/me", `/r/${id}`]);
});

it("a room reached by replacing an invite has the hallway below, and no secret", async () => {
  const { hallwayBelow, navigate, paths } = await arrive(`/i/${id}#secret`);
  navigate(paths.room(id), { replace: true });
  hallwayBelow();
  expect(tab.entries.map(({ href }) => href)).toEqual([`${origin}/`, `${origin}/r/${id}`]);
});

it("Back closes a dialog and stays on the page", async () => {
  const { closeOnBack, route } = await arrive(`/r/${id}`);
  const close = vi.fn();
  const closed = closeOnBack(close);
  tab.go(-1);
  await settled();
  closed();
  await settled();
  expect(close).toHaveBeenCalledOnce();
  expect([route.value.page, tab.at, tab.left]).toEqual(["room", 0, false]);
  tab.go(1); // Forward finds no dialog
  await settled();
  expect(tab.at).toBe(0);
});

it("a dialog closed otherwise takes its entry along", async () => {
  const { closeOnBack } = await arrive("/");
  const close = vi.fn();
  closeOnBack(close)();
  await settled();
  expect([tab.at, close.mock.calls.length]).toEqual([0, 0]);
});

it("one dialog after another shares the entry", async () => {
  const { closeOnBack } = await arrive("/");
  const first = closeOnBack(() => undefined);
  first();
  const close = vi.fn();
  closeOnBack(close);
  await settled();
  expect([tab.at, tab.entries.length]).toEqual([1, 2]);
  tab.go(-1);
  await settled();
  expect([tab.at, close.mock.calls.length]).toEqual([0, 1]);
});

it("a dialog opened while the one before goes has an entry of its own", async () => {
  const { closeOnBack } = await arrive("/");
  closeOnBack(() => undefined)();
  await Promise.resolve(); // on its way out
  const close = vi.fn();
  closeOnBack(close);
  await settled();
  expect([tab.at, close.mock.calls.length]).toEqual([1, 0]);
});

it("a page that a dialog leads to takes the dialog's entry", async () => {
  const { closeOnBack, navigate, paths, route } = await arrive("/");
  const closed = closeOnBack(() => undefined);
  navigate(paths.room(id));
  closed();
  await settled();
  expect([tab.paths, route.value.page]).toEqual([["/", `/r/${id}`], "room"]);
});

it("a page gone to just after a dialog closed comes after it", async () => {
  const { closeOnBack, navigate, paths, route } = await arrive("/me");
  closeOnBack(() => undefined)();
  await Promise.resolve();
  navigate(paths.hallway);
  await settled();
  expect([tab.paths, tab.at, route.value.page]).toEqual([["/me", "/"], 1, "hallway"]);
});
