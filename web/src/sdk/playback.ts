import { Cell } from "./emitter";
import { SoundOutput } from "./output";

const touches = ["pointerdown", "keydown"] as const;

/** Plays the slots of a room: one audio element each, which need not be in the page to be heard. */
export class Playback {
  readonly blocked = new Cell(false);
  readonly output = new SoundOutput();
  #players: HTMLAudioElement[] = [];
  #quiet = false;

  /** How loud each slot is played, 0 to 1, in their order. */
  setGains(gains: readonly number[]): void {
    this.#players.forEach((player, i) => {
      const gain = gains[i] ?? 1;
      if (player.volume !== gain) player.volume = gain;
      // Some phones keep a volume to themselves, but none refuses to be silent.
      const silent = this.#quiet || gain === 0;
      if (player.muted !== silent) player.muted = silent;
    });
  }

  readonly #onTouch = () => void this.resume();

  /** Plays these tracks in place of those before. */
  play(tracks: readonly MediaStreamTrack[]): void {
    this.stop();
    this.#players = tracks.map((track) => {
      const player = new Audio();
      player.srcObject = new MediaStream([track]);
      player.muted = this.#quiet;
      player.onpause = () => void this.#start(player); // the system stopped it, for a telephone call say
      return player;
    });
    this.output.open();
    void this.output.carry(this.#players);
    void this.resume();
  }

  /** Is heard or not, while it plays on. */
  setQuiet(quiet: boolean): void {
    this.#quiet = quiet;
    for (const player of this.#players) player.muted = quiet || player.volume === 0;
  }

  /** Starts what does not play. A browser lets it only if the person has touched the page. */
  async resume(): Promise<void> {
    await Promise.all(this.#players.map((player) => this.#start(player)));
  }

  stop(): void {
    for (const player of this.#players) {
      player.onpause = null;
      player.pause();
      player.srcObject = null;
    }
    this.#players = [];
    this.output.close();
    this.#setBlocked(false);
  }

  async #start(player: HTMLAudioElement): Promise<void> {
    try {
      await player.play();
      this.#setBlocked(false);
    } catch (error) {
      // It also rejects when it is stopped meanwhile; only NotAllowedError is the browser's refusal.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#setBlocked(true);
    }
  }

  #setBlocked(blocked: boolean): void {
    for (const touch of touches) {
      if (blocked) document.addEventListener(touch, this.#onTouch, true);
      else document.removeEventListener(touch, this.#onTouch, true);
    }
    this.blocked.set(blocked);
  }
}
