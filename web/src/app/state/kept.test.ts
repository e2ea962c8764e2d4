import { describe, expect, it } from "vitest";
import { Kept } from "./kept";

/** A node that answers when it is told to. */
class Slow {
  readonly asked: string[] = [];
  private readonly answers: { resolve: (value: string) => void; reject: (why: Error) => void }[] = [];

  ask = (value: string): Promise<string> => {
    this.asked.push(value);
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  };

  async answer(value: string): Promise<void> {
    this.answers.shift()?.resolve(value);
    await settled();
  }

  async refuse(): Promise<void> {
    this.answers.shift()?.reject(new Error("no"));
    await settled();
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const plus = (letter: string) => (value: string) => value + letter;

describe("Kept", () => {
  it("shows a change at once, and then what the node made of it", async () => {
    const [node, kept] = [new Slow(), new Kept("")];
    const done = kept.change(plus("a"), node.ask);
    expect(kept.value).toBe("a");
    await settled();
    await node.answer("A");
    await done;
    expect(kept.value).toBe("A");
  });

  it("saves one change after another, and shows all of them meanwhile", async () => {
    const [node, kept] = [new Slow(), new Kept("")];
    void kept.change(plus("a"), node.ask);
    void kept.change(plus("b"), node.ask);
    await settled();
    expect(node.asked).toEqual(["a"]);
    await node.answer("a");
    expect(kept.value).toBe("ab"); // the answer to the first does not undo the second
    expect(node.asked).toEqual(["a", "ab"]);
    await node.answer("ab");
    expect(kept.value).toBe("ab");
  });

  it("undoes a change that fails, and no other", async () => {
    const [node, kept] = [new Slow(), new Kept("")];
    const first = kept.change(plus("a"), node.ask);
    const second = kept.change(plus("b"), node.ask);
    const refused = expect(first).rejects.toThrow("no");
    await settled();
    await node.refuse();
    await refused;
    expect(kept.value).toBe("b");
    expect(node.asked).toEqual(["a", "b"]);
    await node.answer("b");
    await second;
    expect(kept.value).toBe("b");
  });

  it("does not show what the node said before it knew of a change", async () => {
    const [node, kept] = [new Slow(), new Kept("")];
    void kept.load(() => node.ask("?"));
    await settled();
    void kept.change(plus("a"), node.ask);
    await node.answer("old ");
    expect(kept.value).toBe("old a");
    await node.answer("old a");
    expect(kept.value).toBe("old a");
  });

  it("is empty for somebody else, whatever is still on its way", async () => {
    const [node, kept] = [new Slow(), new Kept("")];
    void kept.change(plus("a"), node.ask);
    void kept.change(plus("b"), node.ask);
    await settled();
    kept.reset("");
    void kept.load(() => node.ask("?"));
    await node.answer("a");
    expect(kept.value).toBe("");
    expect(node.asked).toEqual(["a", "?"]);
    await node.answer("c");
    expect(kept.value).toBe("c");
  });
});
