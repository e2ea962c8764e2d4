/** A value that changes and tells so. It is read at once by `value`, and followed by `subscribe`. */
export interface Readable<T> {
  readonly value: T;
  /** Calls `listener` after each change, not for the present value. Returns how to stop. */
  subscribe(listener: (value: T) => void): () => void;
}

/** Something that happens. */
export interface Subscribable<T> {
  subscribe(listener: (event: T) => void): () => void;
}

/** Hands each event to all listeners, in the order in which they came. */
export class Emitter<T> implements Subscribable<T> {
  readonly #listeners = new Set<(event: T) => void>();

  subscribe(listener: (event: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: T): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** A {@link Readable} for its owner, who alone sets it. Setting the value it has is no change. */
export class Cell<T> implements Readable<T> {
  #value: T;
  readonly #changes = new Emitter<T>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.#changes.emit(value);
  }

  subscribe(listener: (value: T) => void): () => void {
    return this.#changes.subscribe(listener);
  }
}
