import { describe, expect, test } from "vitest";
import { addLink, inviteLink, isId, ownerLink, parseLink, roomLink } from "./links";

const origin = "https://cafe.example";
const id = "DuJVE9ajcJ7Vp8TcALvLvqYmdHr7dqvT8XbO0oTLkQ8";
const room = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const seed = Uint8Array.from({ length: 32 }, (_, i) => i * 8);

describe("what is built is read back", () => {
  test("owner", () => {
    const secret = "wq8E2wqBzQm1Jg0b";
    expect(ownerLink(origin, secret)).toBe(`${origin}/#owner=${secret}`);
    expect(parseLink(ownerLink(origin, secret))).toEqual({ kind: "owner", secret });
  });

  test("invite", () => {
    const link = inviteLink(origin, { invite: id, seed });
    expect(link).toMatch(new RegExp(`^${origin}/i/${id}#[A-Za-z0-9_-]{43}$`));
    expect(parseLink(link)).toEqual({ kind: "invite", invite: id, seed, room: null });
  });

  test("invite into a room", () => {
    const link = inviteLink(`${origin}/ignored?x#y`, { invite: id, seed, room });
    expect(link).toMatch(new RegExp(`^${origin}/i/.*&room=${room}$`));
    expect(parseLink(link)).toEqual({ kind: "invite", invite: id, seed, room });
  });

  test("room, with a port", () => {
    const link = roomLink("http://127.0.0.1:7080", room);
    expect(link).toBe(`http://127.0.0.1:7080/r/${room}`);
    expect(parseLink(new URL(link))).toEqual({ kind: "room", room });
  });
});

test("the secret of an invite stands in the fragment alone", () => {
  const url = new URL(inviteLink(origin, { invite: id, seed, room }));
  expect(url.pathname + url.search).toBe(`/i/${id}`);
});

test("space around a link, and a slash after it, do no harm", () => {
  expect(parseLink(`  ${origin}/r/${room}/\n`)).toEqual({ kind: "room", room });
});

test("a node asks a founder to be one of theirs", () => {
  const node = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw";
  const secret = "wq8E2wqBzQm1XJg0bQ";
  const owner = ownerLink("https://new.example", secret);
  expect(parseLink(addLink(origin, node, owner))).toEqual({ kind: "add", node, owner: { origin: "https://new.example", secret } });
  for (const broken of [addLink(origin, "did:key:nobody", owner), addLink(origin, node, `${origin}/`), addLink(origin, node, owner).slice(0, -12)]) {
    expect(parseLink(broken)).toEqual({ kind: "broken", of: "add" });
  }
});

test("a parameter of a later version does no harm", () => {
  expect(parseLink(`${inviteLink(origin, { invite: id, seed })}&later=1`)).toMatchObject({ kind: "invite", room: null });
});

describe("damaged links say what they were", () => {
  const whole = inviteLink(origin, { invite: id, seed, room });
  test.each([
    ["owner", `${origin}/#owner=`],
    ["owner", `${origin}/#owner=short`],
    ["owner", `${origin}/#owner=wq8E2wqBzQm1 Jg0b`],
    ["invite", `${origin}/i/${id}`],
    ["invite", `${origin}/i/#${"A".repeat(43)}`],
    ["invite", whole.replace(/#.*/, `#${"A".repeat(42)}`)],
    ["invite", whole.replace(/#.*/, `#${"A".repeat(42)}B`)], // trailing bits
    ["invite", whole.replace(id, id.slice(1))],
    ["invite", whole.slice(0, -1)],
    ["room", `${origin}/r/`],
    ["room", `${origin}/r/${room.slice(1)}`],
    ["room", `${origin}/r/${room.slice(1)}=`],
  ])("%s: %s", (of, link) => {
    expect(parseLink(link)).toEqual({ kind: "broken", of });
  });
});

test.each(["", "hello", `${origin}/`, `${origin}/#other=1`, `${origin}/invites`, `${origin}/r/${room}/more`, "mailto:a@b"])(
  "other: %s",
  (link) => {
    expect(parseLink(link)).toEqual({ kind: "other" });
  },
);

test("ids are 32 bytes in canonical base64url", () => {
  expect(isId(id)).toBe(true);
  for (const wrong of ["", id.slice(1), `${id}A`, `${id.slice(0, -1)}9`, id.replace("D", "+"), `${id}=`]) {
    expect(isId(wrong)).toBe(false);
  }
});
