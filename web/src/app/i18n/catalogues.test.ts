import { describe, expect, it } from "vitest";
import sentences from "../../../../reason/sentences.json";
import { en } from "./en";
import { de } from "./de";
import { fr } from "./fr";
import { pagesEn } from "./pages.en";
import { pagesFr } from "./pages.fr";
import { counter } from "./plural";

/** Every sentence of a catalogue by its path; those with blanks are filled with samples. */
function sentencesOf(catalogue: object, path = ""): [string, string][] {
  return Object.entries(catalogue).flatMap(([name, value]: [string, unknown]): [string, string][] => {
    const at = path === "" ? name : `${path}.${name}`;
    if (typeof value === "string") return [[at, value]];
    if (typeof value === "function") {
      const fill = value as (...blanks: unknown[]) => string;
      const numeric = /bioHint|blockedHere|left|members|people|queue|more|position|listening|offerLeft|titleHands|unnamed|unread|^hidden$|foundRooms|foundPeople|audience|found$|leaving/.test(name);
      return [[at, fill(...(numeric ? [2, 3] : ["Zoë", "Noor"]))]];
    }
    return sentencesOf(value as object, at);
  });
}

const english = new Map(sentencesOf({ ...en, ...pagesEn }));
const french = new Map(sentencesOf({ ...fr, ...pagesFr }));

/** What is the same word in both languages. */
const same = new Set(["notices.title", "person.danger", "person.removeSpans.short", "shortcuts.space"]);

describe("the French catalogue", () => {
  it.each([...french])("%s is French, typographically", (at, text) => {
    if (!same.has(at)) expect(text, "left in English").not.toBe(english.get(at));
    expect(text, "a straight apostrophe").not.toContain("'");
    expect(text, "a plain space before : ; ! ? »").not.toMatch(/ [:;!?»]/);
    expect(text, "a plain space after «").not.toMatch(/« /);
    expect(text, "three dots for an ellipsis").not.toContain("...");
  });
});

it.each([
  ["Ana", "d’Ana"],
  ["Élodie", "d’Élodie"],
  ["E\u0301lodie", "d’E\u0301lodie"],
  ["Œdipe", "d’Œdipe"],
  ["hugo", "d’hugo"],
  ["Yves", "d’Yves"],
  ["Yann", "de Yann"],
  ["Léo", "de Léo"],
  ["Çağla", "de Çağla"],
  ["Şirin", "de Şirin"],
  ["🌳", "de 🌳"],
  ["", "de "],
])("de + %s", (name, said) => {
  expect(de(name)).toBe(said);
  expect(fr.prejoin.hostedBy(name)).toBe(`Salon ${said}`);
});

it("says a community's name without a contraction: it may begin with an article", () => {
  const { closed, hallway, join, prejoin, recovery, start } = fr;
  const said = ["Le Portique", "Les Oliviers"].flatMap((name) => [
    closed.host(name, "…abcd"), hallway.hide(name), hallway.hiddenNow(name), hallway.showAgainWhich(name), hallway.shown(name),
    join.title(name), join.invitedBy("Ana", name), prejoin.hostedThere(name, "…abcd"), recovery.founder(name), start.entryMembers(name),
  ]);
  for (const sentence of said) expect(sentence).not.toMatch(/(?:^|\s)(?:de|à|dans) Les? /);
});

describe("the English catalogue", () => {
  it.each([...english])("%s is typographic", (_, text) => {
    expect(text).not.toContain("'");
    expect(text).not.toContain("...");
  });

  it("keeps the names that the interface promises", () => {
    expect(en.join.title("Porch")).toBe("Join Porch");
    expect(en.invites.left(2)).toBe("2 invites left");
    expect(en.invites.left(1)).toBe("1 invite left");
    expect(en.room.position(2)).toBe("You are number 2 in the queue");
    expect(en.room.inviteHand("Ana")).toBe("Invite Ana to the stage");
    expect(en.room.dismiss("Ana")).toBe("Dismiss Ana");
    expect(en.hallway.people(3, 240)).toBe("3 speaking · 240 listening");
    expect(en.prejoin.relayed("cafe.example")).toBe("Audio is relayed by cafe.example. It is not recorded by the node.");
  });
});

it("counts as each language does", () => {
  const forms = { one: "# one", other: "# other" };
  expect([0, 1, 2].map((n) => counter("en")(n, forms))).toEqual(["0 other", "1 one", "2 other"]);
  expect([0, 1, 2].map((n) => counter("fr")(n, forms))).toEqual(["0 one", "1 one", "2 other"]);
  expect(counter("en")(1240, forms)).toBe("1,240 other");
});

it("has a sentence in both languages for every refusal", () => {
  for (const [code, sentence] of Object.entries(sentences)) {
    expect(sentence.en, code).not.toBe("");
    expect(sentence.fr, code).not.toBe(sentence.en);
  }
});
