import { decodeBase64url, encodeBase64url } from "./base64url";
import { publicKeyOfDid } from "./identity";
import type { Did, Id } from "./types";

/**
 * What an address of a node leads to. Secrets stand in the fragment, which no browser sends to a server.
 *
 *     {origin}/#owner={secret}                                  found the community
 *     {origin}/#adopt={secret}&delegate={delegate}&peer={…}     make the node one more of a community's
 *     {origin}/node#add={node}&owner={its owner link}           ask the founder to make a node one of theirs
 *     {origin}/i/{invite id}#{one-time seed}[&room={room id}]   join it
 *     {origin}/r/{room id}                                      a room
 *
 * An address that is one of them by its path but damaged (cut off by a chat program, say) is `broken`.
 */
export type Link =
  | { kind: "owner"; secret: string }
  | { kind: "adopt"; secret: string; delegate: string; peers: string[] }
  | { kind: "add"; node: Did; owner: { origin: string; secret: string } }
  | { kind: "invite"; invite: Id; seed: Uint8Array<ArrayBuffer>; room: Id | null }
  | { kind: "room"; room: Id }
  | { kind: "broken"; of: "owner" | "add" | "invite" | "room" }
  | { kind: "other" };

/** The id of a statement: 32 bytes in canonical base64url. */
export function isId(text: string): boolean {
  return decodeBase64url(text)?.length === 32;
}

/** Reads an address. Anything that is not a URL is `other`. */
export function parseLink(address: string | URL): Link {
  const text = String(address).trim();
  if (!URL.canParse(text)) return { kind: "other" };
  const url = new URL(text);
  const fragment = url.hash.slice(1);
  const [, place, id = "", rest] = url.pathname.split("/");
  if ((place === "i" || place === "r") && rest !== undefined && rest !== "") return { kind: "other" };

  if (place === "i") return parseInvite(id, fragment);
  if (place === "r") return isId(id) ? { kind: "room", room: id } : { kind: "broken", of: "room" };
  if (url.pathname === "/" && fragment.startsWith("owner=")) {
    const secret = fragment.slice("owner=".length);
    return /^[A-Za-z0-9_-]{16,100}$/.test(secret) ? { kind: "owner", secret } : { kind: "broken", of: "owner" };
  }
  if (url.pathname === "/" && fragment.startsWith("adopt=")) {
    const said = new URLSearchParams(fragment);
    const [secret, delegate, peers] = [said.get("adopt") ?? "", said.get("delegate") ?? "", said.getAll("peer")];
    const whole = /^[A-Za-z0-9_-]{16,100}$/.test(secret) && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(delegate) && peers.length > 0;
    return whole ? { kind: "adopt", secret, delegate, peers } : { kind: "broken", of: "owner" };
  }
  if (url.pathname === "/node" && fragment.startsWith("add=")) return parseAdd(new URLSearchParams(fragment));
  return { kind: "other" };
}

function parseAdd(said: URLSearchParams): Link {
  const node = said.get("add") ?? "";
  const owner = said.get("owner") ?? "";
  const to = parseLink(owner);
  if (publicKeyOfDid(node) === null || to.kind !== "owner") return { kind: "broken", of: "add" };
  return { kind: "add", node, owner: { origin: new URL(owner).origin, secret: to.secret } };
}

function parseInvite(invite: string, fragment: string): Link {
  const [secret = "", ...parameters] = fragment.split("&");
  const seed = decodeBase64url(secret);
  if (!isId(invite) || seed?.length !== 32) return { kind: "broken", of: "invite" };
  const room = parameters.find((p) => p.startsWith("room="))?.slice("room=".length) ?? null;
  if (room !== null && !isId(room)) return { kind: "broken", of: "invite" };
  return { kind: "invite", invite, seed, room };
}

/** The address by which a new member joins and, with a room, ends up there. */
export function inviteLink(origin: string, to: { invite: Id; seed: Uint8Array; room?: Id | null }): string {
  const room = to.room ? `&room=${to.room}` : "";
  return `${new URL(origin).origin}/i/${to.invite}#${encodeBase64url(to.seed)}${room}`;
}

/** The address of a room. */
export function roomLink(origin: string, room: Id): string {
  return `${new URL(origin).origin}/r/${room}`;
}

/** The address by which a node that printed an owner link becomes one more of a community's. */
export function adoptLink(owner: { origin: string; secret: string }, delegate: string, peers: readonly string[]): string {
  const said = new URLSearchParams([["adopt", owner.secret], ["delegate", delegate], ...peers.map((p) => ["peer", p])]);
  return `${new URL(owner.origin).origin}/#${said.toString()}`;
}

/** The address at which a founder is asked to make a node, which printed an owner link, one of theirs. */
export function addLink(origin: string, node: Did, owner: string): string {
  return `${new URL(origin).origin}/node#${new URLSearchParams({ add: node, owner }).toString()}`;
}

/** The address by which a founder claims a node. */
export function ownerLink(origin: string, secret: string): string {
  return `${new URL(origin).origin}/#owner=${secret}`;
}
