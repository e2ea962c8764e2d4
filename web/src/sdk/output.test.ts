import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SoundOutput } from "./output";

const speaker = { kind: "audiooutput", deviceId: "speaker", label: "Speaker" };
const headset = { kind: "audiooutput", deviceId: "headset", label: "Headset" };

let present: unknown[];
let refused: string | null;
let devices: EventTarget;

/** An audio element, as far as its device goes. */
class FakeSink {
  device = "";

  setSinkId = (id: string) => {
    if (id === refused) return Promise.reject(new DOMException("", "NotFoundError"));
    this.device = id;
    return Promise.resolve();
  };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

async function plug(...now: unknown[]): Promise<void> {
  present = now;
  devices.dispatchEvent(new Event("devicechange"));
  await settle();
}

beforeEach(() => {
  present = [speaker, headset, { kind: "audioinput", deviceId: "usb", label: "USB" }];
  refused = null;
  devices = Object.assign(new EventTarget(), { enumerateDevices: () => Promise.resolve(present) });
  const stored = new Map<string, string>();
  vi.stubGlobal("HTMLMediaElement", { prototype: { setSinkId: undefined } });
  vi.stubGlobal("navigator", { mediaDevices: devices });
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
  });
});

afterEach(() => vi.unstubAllGlobals());

describe("where the sound comes out", () => {
  test("a choice moves what plays, and is remembered", async () => {
    const sinks = [new FakeSink(), new FakeSink()];
    const output = new SoundOutput();
    output.open();
    await output.carry(sinks);
    await settle();
    expect(output.devices.value.map((d) => d.deviceId)).toEqual(["speaker", "headset"]);
    await output.choose("headset");
    expect(sinks.map((s) => s.device)).toEqual(["headset", "headset"]);

    const later = new FakeSink();
    await new SoundOutput().carry([later]);
    expect(later.device).toBe("headset");
  });

  test("unplugged, the default one takes over and that is told; back again, it is used again", async () => {
    const sink = new FakeSink();
    const output = new SoundOutput();
    const told: string[] = [];
    output.fellBack.subscribe(() => told.push(sink.device));
    output.open();
    await output.carry([sink]);
    await output.choose("headset");
    await plug(speaker);
    expect([sink.device, told]).toEqual(["", [""]]);
    await plug(speaker, headset);
    expect([sink.device, output.current.value, told.length]).toEqual(["headset", "headset", 1]);
    output.close();
    await plug(speaker);
    expect(sink.device).toBe("headset");
  });

  test("devices that the browser hides are not taken for unplugged", async () => {
    const output = new SoundOutput();
    await output.choose("headset");
    present = [{ ...headset, deviceId: "" }];
    output.open();
    await settle();
    expect([output.current.value, output.devices.value]).toEqual(["headset", []]);
  });

  test("a device that the browser refuses leaves the sound on the default one", async () => {
    refused = "headset";
    const sink = new FakeSink();
    const output = new SoundOutput();
    await output.carry([sink]);
    await output.choose("headset");
    expect([sink.device, output.current.value]).toEqual(["", ""]);
  });

  test("where a page cannot choose there is no choice", async () => {
    vi.stubGlobal("HTMLMediaElement", undefined);
    const output = new SoundOutput();
    output.open();
    await settle();
    expect(output.devices.value).toEqual([]);
  });
});
