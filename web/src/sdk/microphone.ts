import { Cell, Emitter, type Readable, type Subscribable } from "./emitter";
import { MicrophoneError, type MicrophoneTrouble } from "./errors";
import { levelTimes } from "./levels";

/** Where a microphone stands. */
export type MicrophoneState =
  | { kind: "closed" }
  | { kind: "opening" }
  | { kind: "open"; deviceId: string; label: string }
  | { kind: "failed"; why: MicrophoneTrouble };

/** The device chosen last, for the next visit. */
const remembered = "stoa.microphone";

const treatment = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * The microphone of this device: opening, choice of device, level. It sends nothing by itself. While it is open the
 * browser shows its recording sign, so it is open only where it is needed: before entering a room, to try it, and on the
 * stage (muted as well: then its level tells who speaks without being heard).
 */
export class Microphone {
  readonly #state = new Cell<MicrophoneState>({ kind: "closed" });
  readonly #level = new Cell(0);
  readonly #readings = new Emitter<number>();
  readonly #devices = new Cell<readonly MediaDeviceInfo[]>([]);
  readonly #track = new Cell<MediaStreamTrack | null>(null);
  readonly #fellBack = new Emitter<string>();
  readonly #interrupted = new Emitter<undefined>();
  #run = 0; // rises with each opening and closing: the newest wins
  #opening: Promise<MediaStreamTrack> | null = null;
  #meter: Meter | null = null;

  readonly #onDeviceChange = () => void this.#listDevices();

  get state(): Readable<MicrophoneState> {
    return this.#state;
  }

  /** Root mean square of what it hears, 0 to 1; 0 while closed. */
  get level(): Readable<number> {
    return this.#level;
  }

  /** Each reading of the level, also when it is the same as the one before: ten a second. */
  get readings(): Subscribable<number> {
    return this.#readings;
  }

  /** The input devices. Browsers give their names only after the microphone was open once. */
  get devices(): Readable<readonly MediaDeviceInfo[]> {
    return this.#devices;
  }

  /** What it hears; null while closed. Changes with the device. */
  get track(): Readable<MediaStreamTrack | null> {
    return this.#track;
  }

  /** The device in use was unplugged, and another is in use: its name. */
  get fellBack(): Subscribable<string> {
    return this.#fellBack;
  }

  /** The system took the microphone away for a while: a telephone call, or a switch of the device's own. */
  get interrupted(): Subscribable<undefined> {
    return this.#interrupted;
  }

  /**
   * Opens this device, else the one chosen last, else the default one; when it is open already, changes to it. A device
   * that is named is remembered. Rejects with a {@link MicrophoneError}.
   */
  open(deviceId?: string): Promise<MediaStreamTrack> {
    if (deviceId === undefined && this.#opening !== null) return this.#opening;
    const present = this.#track.value;
    if (present && (deviceId === undefined || present.getSettings().deviceId === deviceId)) return Promise.resolve(present);
    if (deviceId !== undefined) remember(deviceId);
    const opening = this.#capture(deviceId ?? recall()).finally(() => {
      if (this.#opening === opening) this.#opening = null;
    });
    this.#opening = opening;
    return opening;
  }

  /** Lets the device go. */
  close(): void {
    this.#run++;
    this.#opening = null;
    this.#release({ kind: "closed" });
  }

  async #capture(deviceId: string | null): Promise<MediaStreamTrack> {
    const run = ++this.#run;
    this.#state.set({ kind: "opening" });
    let track: MediaStreamTrack;
    try {
      track = await capture(deviceId);
    } catch (error) {
      const failure = trouble(error);
      if (run === this.#run) this.#release({ kind: "failed", why: failure.why });
      throw failure;
    }
    if (run !== this.#run) {
      track.stop();
      throw new MicrophoneError("busy", new Error("closed, or changed, while it opened"));
    }
    this.#use(track);
    return track;
  }

  #use(track: MediaStreamTrack): void {
    const before = this.#track.value;
    this.#meter?.close();
    this.#meter = new Meter(track, (level) => {
      this.#level.set(level);
      this.#readings.emit(level);
    });
    track.onended = () => void this.#unplugged();
    track.onmute = () => this.#interrupted.emit(undefined);
    navigator.mediaDevices.addEventListener("devicechange", this.#onDeviceChange);
    this.#track.set(track);
    stop(before);
    this.#state.set({ kind: "open", deviceId: track.getSettings().deviceId ?? "", label: track.label });
    void this.#listDevices();
  }

  /** Only a device that goes away, or a permission that is withdrawn, ends a track that nobody stopped. */
  async #unplugged(): Promise<void> {
    this.#release({ kind: "closed" });
    try {
      const track = await this.open();
      this.#fellBack.emit(track.label);
    } catch {
      // The state says why.
    }
  }

  #release(state: MicrophoneState): void {
    this.#meter?.close();
    this.#meter = null;
    this.#level.set(0);
    const track = this.#track.value;
    this.#track.set(null);
    stop(track);
    this.#state.set(state);
    (navigator.mediaDevices as MediaDevices | undefined)?.removeEventListener("devicechange", this.#onDeviceChange);
  }

  async #listDevices(): Promise<void> {
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    this.#devices.set(devices.filter((device) => device.kind === "audioinput" && device.deviceId !== ""));
  }
}

function stop(track: MediaStreamTrack | null): void {
  if (!track) return;
  track.onended = null;
  track.onmute = null;
  track.stop();
}

async function capture(deviceId: string | null): Promise<MediaStreamTrack> {
  const devices = (navigator as Partial<Navigator>).mediaDevices;
  if (devices === undefined) throw new MicrophoneError("insecure"); // browsers hide it without HTTPS
  const ask = async (constraints: MediaTrackConstraints) => {
    const stream = await devices.getUserMedia({ audio: { ...treatment, ...constraints } });
    const [track] = stream.getAudioTracks();
    if (!track) throw new MicrophoneError("missing");
    return track;
  };
  if (deviceId === null) return ask({});
  try {
    return await ask({ deviceId: { exact: deviceId } });
  } catch (error) {
    // The device is not there today. Any other trouble would be the same with the default one.
    if (error instanceof DOMException && ["OverconstrainedError", "NotFoundError"].includes(error.name)) return ask({});
    throw error;
  }
}

/** What getUserMedia's errors (Media Capture and Streams, section 10.2) mean to a person. */
export function trouble(error: unknown): MicrophoneError {
  if (error instanceof MicrophoneError) return error;
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  const why: Partial<Record<string, MicrophoneTrouble>> = {
    NotAllowedError: "blocked",
    SecurityError: "blocked",
    NotFoundError: "missing",
    OverconstrainedError: "missing",
  };
  return new MicrophoneError(why[name] ?? "busy", error);
}

function remember(deviceId: string): void {
  try {
    localStorage.setItem(remembered, deviceId);
  } catch {
    // Without storage the choice lasts for the visit.
  }
}

function recall(): string | null {
  try {
    return localStorage.getItem(remembered);
  } catch {
    return null;
  }
}

/** Measures a track while it lives. */
class Meter {
  readonly #context = new AudioContext({ latencyHint: "playback" }); // a meter may lag, and wakes up less
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(track: MediaStreamTrack, tell: (level: number) => void) {
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 2048; // 43 ms at 48 kHz
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      // Not awaited: without a sound device Firefox never resolves it.
      if (this.#context.state === "suspended") void this.#context.resume();
      analyser.getFloatTimeDomainData(samples);
      tell(Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length));
    }, levelTimes.poll);
  }

  close(): void {
    clearInterval(this.#timer);
    void this.#context.close();
  }
}
