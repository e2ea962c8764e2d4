// People at browsers: each a real Chromium whose microphone hears a file of speech, or a window of one that hears none.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { chromium, expect, type Browser, type BrowserContextOptions, type Locator, type Page } from "@playwright/test";

const speech = resolve(import.meta.dirname, "../test-speech");

export type Voice = "ana" | "leo" | "mina" | "otto" | "zoe";

export interface PersonOptions extends BrowserContextOptions {
  /** What the microphone hears; without it the microphone is refused. */
  voice?: Voice;
  /** In a browser of their own, as whoever has a voice is. */
  own?: boolean;
  /** Takes the microphone as it is: no gain control, so that the files' loudness is what arrives. */
  raw?: boolean;
}

const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
];

function launch(...more: string[]): Promise<Browser> {
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: [...flags, ...more] });
}

/** The browser of those who need none of their own. It ends with the process that runs the tests. */
let shared: Promise<Browser> | undefined;

/** A browser whose microphone hears a file: which one is said when it starts. */
function hearing(voice: Voice): Promise<Browser> {
  const file = resolve(speech, `${voice}.wav`);
  if (!existsSync(file)) throw new Error(`${file} is missing; run scripts/speech`);
  return launch("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-audio-capture=${file}`);
}

/** Someone at a browser. */
export class Person {
  readonly name: string;
  readonly browser: Browser;
  readonly page: Page;

  private constructor(name: string, browser: Browser, page: Page) {
    this.name = name;
    this.browser = browser;
    this.page = page;
  }

  static async arrive(name: string, options: PersonOptions = {}): Promise<Person> {
    const { voice, own, raw, ...context } = options;
    const browser = await (voice !== undefined ? hearing(voice) : own === true ? launch() : (shared ??= launch()));
    const page = await (await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...context })).newPage();
    page.setDefaultTimeout(10_000);
    await page.addInitScript(watchAudio);
    if (raw === true) await page.addInitScript(rawMicrophone);
    return new Person(name, browser, page);
  }

  async leave(): Promise<void> {
    await this.page.context().close();
    if (this.browser !== (await shared)) await this.browser.close();
  }

  /** Founds the node's community by the owner link. */
  async found(link: string, community?: string): Promise<void> {
    await this.page.goto(link);
    await this.page.getByRole("textbox", { name: "Your name" }).fill(this.name);
    if (community !== undefined) await this.page.getByRole("textbox", { name: "Community name" }).fill(community);
    await this.page.getByRole("button", { name: "Join", exact: true }).click();
    await this.later();
  }

  /** Joins by an invite link. */
  async join(link: string): Promise<void> {
    await this.page.goto(link);
    await this.page.getByRole("textbox", { name: "Your name" }).fill(this.name);
    await this.page.getByRole("button", { name: "Join", exact: true }).click();
    await this.later();
  }

  private async later(): Promise<void> {
    await expect(this.page.getByRole("heading", { name: "Save your recovery file" })).toBeVisible();
    await this.page.getByRole("button", { name: "Later" }).click();
  }

  /** Makes an invite link on the invites page, and comes back to the hallway. */
  async invite(): Promise<string> {
    await this.page.goto(new URL("/invites", this.page.url()).href);
    await this.page.getByRole("button", { name: "Create invite" }).click();
    const box = this.page.getByRole("textbox", { name: "Invite link" });
    await expect(box).toHaveValue(/\/i\/.+#/);
    return box.inputValue();
  }

  /** Starts a room and is in it. Who may enter it is one of the sheet's choices; without it, members. */
  async startRoom(title: string, entry?: string): Promise<string> {
    await this.page.goto(new URL("/", this.page.url()).href);
    await this.page.getByRole("button", { name: "Start a room" }).first().click();
    const sheet = this.page.getByRole("dialog", { name: "Start a room" });
    await sheet.getByRole("textbox", { name: "Title" }).fill(title);
    if (entry !== undefined) await sheet.getByRole("radiogroup", { name: "Who may enter" }).getByRole("radio", { name: entry }).check();
    await sheet.getByRole("button", { name: "Start", exact: true }).click();
    await expect(this.page.getByRole("heading", { name: title })).toBeVisible();
    return this.page.url();
  }

  /** Opens a room from the hallway. */
  async goToRoom(title: string): Promise<void> {
    await this.page.goto(new URL("/", this.page.url()).href);
    await this.page.getByRole("link", { name: new RegExp(title) }).click();
  }

  /** Passes the pre-join page. */
  async enter(how: "listening" | "microphone"): Promise<void> {
    await this.page.getByRole("button", { name: how === "listening" ? "Join listening" : "Join with microphone" }).click();
    await expect(this.page.getByRole("region", { name: "Stage" })).toBeVisible();
  }

  async unmute(): Promise<void> {
    await this.page.getByRole("button", { name: "Unmute", exact: true }).click();
    await expect(this.page.getByRole("button", { name: "Mute", exact: true })).toBeVisible();
  }

  /** Somebody's tile on the stage. */
  tile(name: string): Locator {
    return this.page.getByRole("region", { name: "Stage" }).locator("[data-speaking]", { hasText: name });
  }

  /** Opens somebody's sheet and presses a button in it. */
  async onPerson(name: string, action: string): Promise<void> {
    await this.page.getByRole("region", { name: "Stage" }).getByRole("button", { name: new RegExp(name) }).click();
    await this.page.getByRole("dialog", { name: new RegExp(name) }).getByRole("button", { name: action, exact: true }).click();
  }

  /** The numbers that name the people of the room in its audio, as the room's events gave them. */
  async csrcs(): Promise<Map<string, number>> {
    return new Map(await this.page.evaluate(() => {
      const { events } = (window as unknown as { stoaTest: Watch }).stoaTest;
      const found: [string, number][] = [];
      for (const event of events) {
        const people = [...(event.stage ?? []), ...(event.person === undefined ? [] : [event.person])];
        for (const person of people) found.push([person.name, person.csrc]);
      }
      return found;
    }));
  }

  /** Whether packets of a contributing source ever arrived. */
  async everHeard(csrc: number): Promise<boolean> {
    return this.page.evaluate((wanted) => {
      const { connections } = (window as unknown as { stoaTest: Watch }).stoaTest;
      return connections.some((pc) => pc.getReceivers().some((r) => r.getContributingSources().some((s) => s.source === wanted)));
    }, csrc);
  }

  /** What this person's browser hears: per CSRC, the loudest level of the last moments, and the decoder's counts. */
  async hears(): Promise<Hearing> {
    return this.page.evaluate(async () => {
      const watch = (window as unknown as { stoaTest: Watch }).stoaTest;
      const hearing: Hearing = { levels: {}, energy: 0, concealed: 0, samples: 0, packets: 0 };
      for (const pc of watch.connections) {
        if (pc.connectionState === "closed") continue;
        for (const receiver of pc.getReceivers()) {
          for (const source of receiver.getContributingSources()) {
            if (performance.timeOrigin + performance.now() - source.timestamp > 400) continue;
            const before = hearing.levels[source.source] ?? 0;
            hearing.levels[source.source] = Math.max(before, source.audioLevel ?? 0);
          }
        }
        for (const report of (await pc.getStats()).values() as Iterable<Record<string, unknown>>) {
          if (report["type"] !== "inbound-rtp" || report["kind"] !== "audio") continue;
          const count = (key: string): number => Number(report[key] ?? 0);
          hearing.energy += count("totalAudioEnergy");
          hearing.concealed += count("concealedSamples") - count("silentConcealedSamples");
          hearing.samples += count("totalSamplesReceived");
          hearing.packets += count("packetsReceived");
        }
      }
      return hearing;
    });
  }

  /** Over what the connections that stand go, "udp" or "tcp", each once. */
  async protocols(): Promise<string[]> {
    return this.page.evaluate(async () => {
      const found = new Set<string>();
      for (const pc of (window as unknown as { stoaTest: Watch }).stoaTest.connections) {
        if (pc.connectionState !== "connected") continue;
        const stats = await pc.getStats();
        for (const report of stats.values() as Iterable<Record<string, unknown>>) {
          if (report["type"] !== "transport") continue;
          const pair = stats.get(String(report["selectedCandidatePairId"])) as Record<string, unknown> | undefined;
          const local = stats.get(String(pair?.["localCandidateId"])) as Record<string, unknown> | undefined;
          found.add(String(local?.["protocol"]));
        }
      }
      return [...found];
    });
  }

  /** The longest time, in milliseconds, in which no packet arrived while it watched for so long. */
  async longestSilence(watched: number): Promise<number> {
    return this.page.evaluate(async (limit) => {
      const { connections } = (window as unknown as { stoaTest: Watch }).stoaTest;
      const start = performance.now();
      const counts = new WeakMap<RTCPeerConnection, number>();
      let [last, longest] = [start, 0];
      while (performance.now() - start < limit) {
        for (const pc of connections) {
          if (pc.connectionState === "closed") continue;
          let packets = 0;
          for (const report of (await pc.getStats()).values() as Iterable<Record<string, unknown>>) {
            if (report["type"] === "inbound-rtp") packets += Number(report["packetsReceived"] ?? 0);
          }
          if (packets > (counts.get(pc) ?? 0)) last = performance.now();
          counts.set(pc, packets);
        }
        longest = Math.max(longest, performance.now() - last);
        await new Promise((next) => setTimeout(next, 50));
      }
      return longest;
    }, watched);
  }

  /** Does something, and says how many milliseconds after the first click of it speech came out of the decoder. */
  async untilHearsAfter(doing: () => Promise<void>): Promise<number> {
    const heard = this.page.evaluate(async () => {
      const watch = (window as unknown as { stoaTest: Watch }).stoaTest;
      const clicked = new Promise<number>((done) => {
        window.addEventListener("click", () => { done(performance.now()); }, { once: true, capture: true });
      });
      const start = await clicked;
      for (;;) {
        for (const pc of watch.connections) {
          for (const report of (await pc.getStats()).values() as Iterable<Record<string, unknown>>) {
            if (report["type"] === "inbound-rtp" && Number(report["totalAudioEnergy"] ?? 0) > 1e-5) {
              return performance.now() - start;
            }
          }
        }
        await new Promise((next) => setTimeout(next, 10));
      }
    });
    await doing();
    return heard;
  }

  /** Waits until more speech is heard than now. */
  async untilHears(limit = 5_000): Promise<void> {
    const before = (await this.hears()).energy;
    await expect.poll(async () => (await this.hears()).energy, { timeout: limit, intervals: [50] }).toBeGreaterThan(before + 1e-4);
  }
}

export interface Hearing {
  levels: Record<number, number>;
  energy: number;
  concealed: number;
  samples: number;
  packets: number;
}

interface Watch {
  connections: RTCPeerConnection[];
  events: { stage?: { name: string; csrc: number }[]; person?: { name: string; csrc: number } }[];
}

/** Runs in the page before its own code: remembers peer connections and events, so that a test can ask what arrives. */
export function watchAudio(): void {
  const watch: Watch = { connections: [], events: [] };
  (window as unknown as { stoaTest: Watch }).stoaTest = watch;
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      watch.connections.push(this);
    }
  };
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener("message", (message: MessageEvent<string>) => {
        watch.events.push(JSON.parse(message.data) as Watch["events"][number]);
      });
    }
  };
}

/** Runs in the page before its own code: asks for the microphone without processing, whatever the page asks for. */
function rawMicrophone(): void {
  const media = navigator.mediaDevices;
  const original = media.getUserMedia.bind(media);
  media.getUserMedia = (wanted) => {
    const audio = typeof wanted?.audio === "object" ? wanted.audio : {};
    return original({ audio: { ...audio, autoGainControl: false, noiseSuppression: false, echoCancellation: false } });
  };
}
