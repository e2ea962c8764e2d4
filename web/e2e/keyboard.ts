// People without a mouse: what they do is keys, what they find is where the focus is, in whichever browser.
import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { chromium } from "@playwright/test";
import { launch, type KeyInput } from "puppeteer-core";
import { watchAudio } from "./people";

/** What of a page both drivers have, Playwright for Chromium and Puppeteer for Firefox. */
interface Page {
  goto(url: string): Promise<unknown>;
  url(): string;
  evaluate<T>(inPage: () => T | Promise<T>): Promise<T>;
  evaluate<T>(inPage: (given: string) => T, given: string): Promise<T>;
}

interface Keys {
  press(key: string): Promise<void>;
  type(text: string): Promise<void>;
}

interface Names {
  named: (el: HTMLElement) => string;
}

/** Runs in the page before its own code: the accessible name of a control, as a screen reader says it. */
function names(): void {
  const byId = (ids: string): string => ids.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const spoken = (el: HTMLElement): string => {
    const texts: string[] = [];
    const walk = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text !== null; text = walk.nextNode()) {
      if (text.parentElement?.closest("[aria-hidden=true]") === null) texts.push(text.textContent ?? "");
    }
    return texts.join(" ");
  };
  const named = (el: HTMLElement): string => {
    const by = el.getAttribute("aria-labelledby");
    const labels = "labels" in el ? [...((el as HTMLInputElement).labels ?? [])].map((label) => label.textContent).join(" ") : "";
    const name = by !== null ? byId(by) : el.getAttribute("aria-label") ?? (labels !== "" ? labels : spoken(el));
    return name.replace(/\s+/g, " ").trim();
  };
  (window as unknown as { stoaNames: Names }).stoaNames = { named };
}

const view = { width: 360, height: 740 };

/** Someone at a small screen, in French, with a keyboard. */
export class Typist {
  readonly name: string;
  readonly page: Page;
  private readonly keys: Keys;
  private readonly close: () => Promise<void>;

  private constructor(name: string, page: Page, keys: Keys, close: () => Promise<void>) {
    this.name = name;
    this.page = page;
    this.keys = keys;
    this.close = close;
  }

  static async inChromium(name: string, voice: string): Promise<Typist> {
    const browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${resolve(import.meta.dirname, "../test-speech", `${voice}.wav`)}`,
      ],
    });
    const page = await (await browser.newContext({ locale: "fr-FR", viewport: view, reducedMotion: "reduce" })).newPage();
    await page.addInitScript(watchAudio);
    await page.addInitScript(names);
    return new Typist(name, page, page.keyboard, () => browser.close());
  }

  /** Its microphone is Firefox's own test tone: it takes none from a file. */
  static async inFirefox(name: string): Promise<Typist> {
    const browser = await launch({
      browser: "firefox",
      executablePath: process.env["FIREFOX"] ?? "/usr/bin/firefox-esr",
      headless: true,
      defaultViewport: view,
      extraPrefsFirefox: {
        "intl.accept_languages": "fr-FR, fr",
        "ui.prefersReducedMotion": 1,
        "media.navigator.streams.fake": true,
        "media.navigator.permission.disabled": true,
        "media.autoplay.default": 0,
        "media.peerconnection.ice.obfuscate_host_addresses": false,
        "accessibility.tabfocus": 7, // every control, as everywhere but on macOS
      },
    });
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(watchAudio);
    await page.evaluateOnNewDocument(names);
    const keys: Keys = {
      press: async (combination) => {
        const [key, ...held] = combination.split("+").reverse() as [KeyInput, ...KeyInput[]];
        for (const modifier of held) await page.keyboard.down(modifier);
        await page.keyboard.press(key);
        for (const modifier of held) await page.keyboard.up(modifier);
      },
      type: (text) => page.keyboard.type(text),
    };
    return new Typist(name, page, keys, () => browser.close());
  }

  async leave(): Promise<void> {
    await this.close();
  }

  /** Presses one key, such as m or Escape. */
  async press(key: string): Promise<void> {
    await this.keys.press(key);
  }

  /** Goes to a control whose name begins so with Tab, or with Shift and Tab where it lies behind. */
  async tabTo(name: string): Promise<void> {
    await this.until(`a control "${name}"`, async () => (await this.way(name)) !== "nowhere");
    const passed: string[] = [];
    for (let i = 0; i < 120; i++) {
      const way = await this.way(name);
      if (way === "here") return;
      passed.push(await this.focus());
      await this.keys.press(way === "back" ? "Shift+Tab" : "Tab");
    }
    throw new Error(`${this.name} does not reach "${name}" by Tab, but: ${[...new Set(passed)].join(" | ")}`);
  }

  /** Goes to a button or link and presses Enter. */
  async use(name: string): Promise<void> {
    await this.tabTo(name);
    await this.keys.press("Enter");
  }

  /** Goes to a text box and writes. */
  async fill(name: string, text: string): Promise<void> {
    await this.tabTo(name);
    await this.keys.type(text);
  }

  /** What is in a text box. */
  async read(name: string): Promise<string> {
    await this.tabTo(name);
    return this.page.evaluate(() => (document.activeElement as HTMLInputElement).value);
  }

  /** Waits until a text is to be read. */
  async sees(text: string): Promise<void> {
    await this.until(`the text "${text}"`, async () => (await this.text()).includes(text));
  }

  /** Waits until a text is gone. */
  async seesNoMore(text: string): Promise<void> {
    await this.until(`no text "${text}"`, async () => !(await this.text()).includes(text));
  }

  /** Nothing is wider than the screen. */
  async fits(): Promise<boolean> {
    return this.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  }

  /** Waits until more sound comes out of the decoder than now. */
  async hears(): Promise<void> {
    const before = await this.energy();
    await this.until("speech", async () => (await this.energy()) > before + 1e-4);
  }

  /** Waits until no packet of anybody has come for a moment. */
  async hearsNobody(): Promise<void> {
    await this.until("silence", () => this.page.evaluate(() => {
      const { connections } = (window as unknown as { stoaTest: { connections: RTCPeerConnection[] } }).stoaTest;
      const now = performance.timeOrigin + performance.now();
      return !connections.some((pc) => pc.getReceivers().some((r) => r.getContributingSources().some((s) => now - s.timestamp < 400)));
    }));
  }

  private async energy(): Promise<number> {
    return this.page.evaluate(async () => {
      const { connections } = (window as unknown as { stoaTest: { connections: RTCPeerConnection[] } }).stoaTest;
      let sum = 0;
      for (const pc of connections) {
        if (pc.connectionState === "closed") continue;
        (await pc.getStats()).forEach((report: Record<string, unknown>) => {
          if (report["type"] === "inbound-rtp" && report["kind"] === "audio") sum += Number(report["totalAudioEnergy"] ?? 0);
        });
      }
      return sum;
    });
  }

  private async text(): Promise<string> {
    return this.page.evaluate(() => document.body.innerText);
  }

  /** Where a control lies from the focus. Beyond the last one is the browser's own bar, where no page sees the keys. */
  private async way(name: string): Promise<string> {
    return this.page.evaluate((wanted) => {
      const { named } = (window as unknown as { stoaNames: Names }).stoaNames;
      const at = document.activeElement;
      const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
      const found = [...(dialog ?? document).querySelectorAll<HTMLElement>("a[href], button, input, select, textarea, [tabindex]")]
        .filter((el) => el.checkVisibility() && el.tabIndex >= 0 && `${named(el)} `.startsWith(`${wanted} `));
      if (found.length === 0) return "nowhere";
      if (found.some((el) => el === at)) return "here";
      if (at === null || at === document.body) return "on";
      return found.some((el) => at.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING) ? "on" : "back";
    }, name);
  }

  /** The control that has the focus. */
  private async focus(): Promise<string> {
    return this.page.evaluate(() => {
      const { named } = (window as unknown as { stoaNames: Names }).stoaNames;
      const at = document.activeElement as HTMLElement | null;
      return at === null || at === document.body ? "the page" : `${at.tagName.toLowerCase()} "${named(at)}"`;
    });
  }

  private async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 20_000; !(await holds());) {
      if (Date.now() > end) {
        throw new Error(`${this.name} waits in vain for ${what}; the focus is on ${await this.focus()}, and the page says:\n${await this.text()}`);
      }
      await new Promise((next) => setTimeout(next, 100));
    }
  }
}

/** An address of this machine that is not its loopback: Firefox makes no way to a node that has only that. */
export function outside(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { family, internal, address } of addresses ?? []) {
      if (family === "IPv4" && !internal) return address;
    }
  }
  throw new Error("this machine has no address but its loopback, and Firefox needs one for audio");
}
