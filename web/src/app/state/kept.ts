import { signal } from "@preact/signals";

type Change<T> = (value: T) => T;

/**
 * A value that the node keeps and that a person changes here at once. Changes are saved one after another; one that fails is undone
 * alone, and what the node says meanwhile does not undo those that wait.
 */
export class Kept<T> {
  private readonly shown;
  private kept: T;
  private changes: Change<T>[] = [];
  private turn = Promise.resolve();

  constructor(empty: T) {
    this.kept = empty;
    this.shown = signal(empty);
  }

  get value(): T {
    return this.shown.value;
  }

  peek(): T {
    return this.shown.peek();
  }

  /** Changes the value. What `save` returns is what the node made of it. */
  change(how: Change<T>, save: (value: T) => Promise<T>): Promise<void> {
    this.changes.push(how);
    this.show();
    return this.inTurn(
      () => save(how(this.kept)),
      () => this.changes.shift(),
    );
  }

  /** Asks the node for the value. */
  load(ask: () => Promise<T>): Promise<void> {
    return this.inTurn(ask);
  }

  /** Forgets all of it: it is somebody else's from now on. */
  reset(empty: T): void {
    this.kept = empty;
    this.changes = [];
    this.show();
  }

  private inTurn(ask: () => Promise<T>, end?: () => void): Promise<void> {
    const { changes } = this;
    const isOver = () => changes !== this.changes;
    const turn = this.turn.then(async () => {
      if (isOver()) return;
      try {
        const kept = await ask();
        if (!isOver()) this.kept = kept;
      } finally {
        if (!isOver()) {
          end?.();
          this.show();
        }
      }
    });
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  private show(): void {
    this.shown.value = this.changes.reduce((value, how) => how(value), this.kept);
  }
}
