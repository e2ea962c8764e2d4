import { OfflineError } from "../errors";
import type { Signer } from "../identity";
import type { Body } from "./bodies";

/**
 * Signs claims, and gives the statement's text. Rejects with a RefusedError for claims that `parse` would refuse, and
 * with the signer's own error when that cannot sign. The code for it is loaded with the first one: nobody signs anything
 * before a page is shown.
 */
export async function sign(body: Body, signer: Signer): Promise<string> {
  const code = await import("./statement").catch((cause: unknown) => {
    throw new OfflineError("the code for it did not come", { cause });
  });
  return code.sign(body, signer);
}
