import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MicrophoneError } from "./errors";
import { Microphone, trouble } from "./microphone";
import { stubMicrophone, type FakeMicrophone } from "./sdktest";

let device: FakeMicrophone;
let microphone: Microphone;

beforeEach(() => {
  vi.useFakeTimers();
  device = stubMicrophone();
  microphone = new Microphone();
});

afterEach(() => {
  microphone.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const why = (doing: Promise<unknown>) =>
  doing.then(() => "open", (error: unknown) => (error instanceof MicrophoneError ? error.why : String(error)));

test("opens the default device, treated for speech", async () => {
  await microphone.open();
  expect(device.asked).toEqual([{ echoCancellation: true, noiseSuppression: true, autoGainControl: true }]);
  expect(microphone.state.value).toEqual({ kind: "open", deviceId: "default", label: "Default" });
});

test("lists input devices with a name", async () => {
  await microphone.open();
  await vi.advanceTimersByTimeAsync(0);
  expect(microphone.devices.value.map(({ label }) => label)).toEqual(["Default", "USB"]);
});

test("tells its level, and nothing once closed", async () => {
  await microphone.open();
  device.hears(0.25);
  await vi.advanceTimersByTimeAsync(200);
  expect(microphone.level.value).toBeCloseTo(0.25);
  microphone.close();
  expect([microphone.level.value, microphone.state.value.kind, device.tracks[0]?.readyState]).toEqual([0, "closed", "ended"]);
});

test("opening what is open, or opening, opens nothing more", async () => {
  const [a, b] = await Promise.all([microphone.open(), microphone.open()]);
  expect([a === b, await microphone.open(), device.tracks.length]).toEqual([true, a, 1]);
});

test("a chosen device is remembered, and the default one used while it is away", async () => {
  await microphone.open("usb");
  const next = new Microphone();
  await next.open();
  expect(next.state.value).toMatchObject({ deviceId: "usb" });
  next.close();

  vi.spyOn(navigator.mediaDevices, "getUserMedia").mockRejectedValueOnce(new DOMException("", "OverconstrainedError"));
  await next.open();
  expect(next.state.value).toMatchObject({ deviceId: "default" });
  next.close();
});

test("closed while it opens, it stays closed", async () => {
  const opening = why(microphone.open());
  microphone.close();
  expect(await opening).toBe("busy");
  expect([microphone.state.value.kind, device.tracks[0]?.readyState]).toEqual(["closed", "ended"]);
});

describe("trouble", () => {
  test.each([
    ["NotAllowedError", "blocked"],
    ["SecurityError", "blocked"],
    ["NotFoundError", "missing"],
    ["OverconstrainedError", "missing"],
    ["NotReadableError", "busy"],
    ["AbortError", "busy"],
    ["SomethingNewError", "busy"],
  ])("%s: %s", async (name, expected) => {
    expect(trouble(new DOMException("", name)).why).toBe(expected);
    device.refuse(name);
    expect(await why(microphone.open())).toBe(expected);
    expect(microphone.state.value).toEqual({ kind: "failed", why: expected });
  });

  test("a page without HTTPS has no devices at all", async () => {
    vi.stubGlobal("navigator", {});
    expect(await why(microphone.open())).toBe("insecure");
  });
});
