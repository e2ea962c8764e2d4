// Guests by the hundred, without a browser each: sessions that take all places of one address.
import { generateKeyPairSync, sign } from "node:crypto";
import { didOfPublicKey } from "../src/sdk/identity";

const encode = (value: string | Uint8Array): string => Buffer.from(value).toString("base64url");

/** Opens the session of one guest in a public room. Returns what ends it. */
async function guest(url: string, room: string): Promise<() => Promise<void>> {
  const ask = async (method: string, path: string, body?: object, token?: string): Promise<Record<string, string>> => {
    const headers = { ...(body && { "Content-Type": "application/json" }), ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.status === 204 ? {} : ((await response.json()) as Record<string, string>);
  };
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const kid = didOfPublicKey(new Uint8Array(publicKey.export({ type: "spki", format: "der" }).subarray(-32)));
  const { node, nonce, now } = await ask("POST", "/sessions/challenge");
  const iat = Math.floor(Number(now) / 1000);
  const claims = { aud: node, iat, exp: iat + 120, origin: url, nonce };
  const input = `${encode(JSON.stringify({ alg: "EdDSA", typ: "stoa-session+jwt", kid }))}.${encode(JSON.stringify(claims))}`;
  const session = `${input}.${encode(sign(null, Buffer.from(input), privateKey))}`;
  const { token } = await ask("POST", `/rooms/${room}/guests`, { session });
  // Where nobody came to use it, the place has been given back by then.
  return async () => {
    await ask("DELETE", "/sessions", undefined, token).catch((error: unknown) => {
      if (!String(error).includes("session-required")) throw error;
    });
  };
}

/** Takes all places that one address has; some may be taken. Returns what gives each of them back. */
export async function guests(url: string, room: string, n: number): Promise<(() => Promise<void>)[]> {
  const asked: PromiseSettledResult<() => Promise<void>>[] = [];
  while (asked.length < n) asked.push(...(await Promise.allSettled(Array.from({ length: 50 }, () => guest(url, room)))));
  const failed = asked.filter((one) => one.status === "rejected").map((one) => String(one.reason));
  if (failed.some((why) => !why.includes("room-guests-full"))) throw new Error(failed.join("\n"));
  return asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}
