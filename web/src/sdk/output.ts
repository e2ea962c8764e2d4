import { Cell, Emitter, type Readable, type Subscribable } from "./emitter";

/** The device chosen last, for the next visit. */
const remembered = "stoa.output";

type Sink = Pick<HTMLMediaElement, "setSinkId">;

/**
 * Where the sound of a room comes out: "" is what the system has as its default. A choice is remembered. When the device
 * is unplugged the default one takes over, until it is back. Not every browser lets a page choose.
 */
export class SoundOutput {
  readonly #devices = new Cell<readonly MediaDeviceInfo[]>([]);
  readonly #current = new Cell(recall());
  readonly #fellBack = new Emitter<undefined>();
  #chosen = this.#current.value;
  #sinks: readonly Sink[] = [];

  readonly #onDeviceChange = () => void this.#look();

  /** The output devices, as far as the browser tells: none where a page cannot choose. */
  get devices(): Readable<readonly MediaDeviceInfo[]> {
    return this.#devices;
  }

  /** The device in use, of which "" is the default. */
  get current(): Readable<string> {
    return this.#current;
  }

  /** The device in use was unplugged, and the default one is in use. */
  get fellBack(): Subscribable<undefined> {
    return this.#fellBack;
  }

  /** Begins to follow which devices there are; again after the microphone was opened, before which browsers hide them. */
  open(): void {
    if (!supported()) return;
    navigator.mediaDevices.addEventListener("devicechange", this.#onDeviceChange);
    void this.#look();
  }

  /** Stops what {@link open} began. */
  close(): void {
    if (supported()) navigator.mediaDevices.removeEventListener("devicechange", this.#onDeviceChange);
  }

  /** Plays by this device, now and on later visits. */
  async choose(deviceId: string): Promise<void> {
    this.#chosen = deviceId;
    remember(deviceId);
    await this.#use(deviceId);
  }

  /** Sends the sound of these elements to the device in use, in place of those before. */
  async carry(sinks: readonly Sink[]): Promise<void> {
    this.#sinks = supported() ? sinks : [];
    await this.#apply();
  }

  async #use(deviceId: string): Promise<void> {
    this.#current.set(deviceId);
    await this.#apply();
  }

  async #apply(): Promise<void> {
    try {
      await Promise.all(this.#sinks.map((sink) => sink.setSinkId(this.#current.value)));
    } catch {
      // The device has gone, or is not this page's to use. The default one always is.
      if (this.#current.value !== "") await this.#use("");
    }
  }

  async #look(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    const outputs = all.filter((device) => device.kind === "audiooutput" && device.deviceId !== "");
    this.#devices.set(outputs);
    if (outputs.length === 0) return; // hidden: nothing can be told
    const there = (id: string) => id === "" || outputs.some((device) => device.deviceId === id);
    if (!there(this.#current.value)) {
      await this.#use("");
      this.#fellBack.emit(undefined);
    } else if (this.#current.value !== this.#chosen && there(this.#chosen)) {
      await this.#use(this.#chosen);
    }
  }
}

function supported(): boolean {
  const { HTMLMediaElement: media } = globalThis as { HTMLMediaElement?: { prototype: object } };
  return media !== undefined && "setSinkId" in media.prototype && (navigator as Partial<Navigator>).mediaDevices !== undefined;
}

function remember(deviceId: string): void {
  try {
    localStorage.setItem(remembered, deviceId);
  } catch {
    // Without storage the choice lasts for the visit.
  }
}

function recall(): string {
  try {
    return localStorage.getItem(remembered) ?? "";
  } catch {
    return "";
  }
}
