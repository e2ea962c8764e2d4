import { describe, expect, it } from "vitest";
import { fault, length, nameLength, tidy, titleLength } from "./text";

describe("length", () => {
  it.each([
    ["Ana", 3],
    ["Zoë".normalize("NFD"), 3],
    ["👩‍👩‍👧‍👦🇫🇷", 2],
    ["", 0],
  ])("%s is %d characters to a person", (text, n) => {
    expect(length(text)).toBe(n);
  });
});

describe("fault", () => {
  it.each([
    ["a name", "Léo", null],
    ["an emoji kept whole", "👩‍👩‍👧‍👦".repeat(16), null],
    ["more bytes than the node takes", "👩‍👩‍👧‍👦".repeat(17), "long"],
    ["forty characters of three bytes", "明".repeat(nameLength), null],
    ["nothing", "", "missing"],
    ["only spaces", " \u00a0 ", "missing"],
    ["one too many", "x".repeat(nameLength + 1), "long"],
    ["a line break", "Ana\nLéo", "characters"],
    ["a bidirectional override", "Ana\u202egnp.exe", "characters"],
    ["a control character", "Ana\u0007", "characters"],
    ["markup, which is text", "<b>Ana</b>", null],
  ])("%s", (_, text, why) => {
    expect(fault(text, nameLength)).toBe(why);
  });

  it("has room for a title of 100 characters, not for 10,000", () => {
    expect(fault("x".repeat(100), titleLength)).toBeNull();
    expect(fault("x".repeat(10_000), titleLength)).toBe("long");
  });
});

it("sends text composed and without spaces around", () => {
  expect(tidy("  Zoe\u0308 ")).toBe("Zoë");
});
