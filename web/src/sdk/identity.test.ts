import { describe, expect, it } from "vitest";
import { didOfPublicKey, isPublicKey, peerIdOf, publicKeyOfDid } from "./identity";

// More keys, good and bad, come from the vectors that statement/vectors.test.ts reads.

const unhex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

// RFC 8037, appendix A.
const rfc = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

describe("a did:key", () => {
  it("is written as others write it", () => {
    expect(didOfPublicKey(rfc)).toBe("did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw");
  });

  it("reads back to its key", () => {
    expect(publicKeyOfDid(didOfPublicKey(rfc))).toEqual(rfc);
  });

  it("is not written for what is no key", () => {
    for (const bytes of [new Uint8Array(32), new Uint8Array(31).fill(9), new Uint8Array(0)]) {
      expect(() => didOfPublicKey(bytes)).toThrow(RangeError);
    }
  });
});

it("has the peer id that libp2p gives it", () => {
  expect(peerIdOf("did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw")).toBe("12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV");
  expect(peerIdOf("did:key:nobody")).toBeNull();
});

describe("a public key", () => {
  it("is 32 bytes", () => {
    expect(isPublicKey(rfc)).toBe(true);
    expect(isPublicKey(rfc.subarray(1))).toBe(false);
    expect(isPublicKey(new Uint8Array([...rfc, 0]))).toBe(false);
  });

  it("is not of small order, nor that plus what is not canonical", () => {
    const orderEight = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    expect(isPublicKey(unhex(orderEight))).toBe(false);
    expect(isPublicKey(unhex(`01${"00".repeat(31)}`))).toBe(false);
    expect(isPublicKey(unhex(`ee${"ff".repeat(30)}7f`))).toBe(false);
    expect(isPublicKey(unhex(`03${"00".repeat(31)}`))).toBe(true);
    expect(isPublicKey(unhex(`f0${"ff".repeat(30)}7f`))).toBe(false); // y = p + 3
  });
});
