import { beforeAll, expect, test, vi } from "vitest";
import { MicrophoneError, type MicrophoneTrouble } from "../../sdk";
import { startLanguage } from "../i18n";
import { explain } from "./toast";

vi.stubGlobal("navigator", { languages: ["en"], userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" });

vi.stubGlobal("document", { documentElement: {} });

beforeAll(startLanguage);

test.each<MicrophoneTrouble>(["blocked", "missing", "busy", "insecure"])("in sentences: the microphone is %s", (why) => {
  const said = explain(new MicrophoneError(why));
  expect(said).toMatch(/^[A-Z].*\. [A-Z].*\.$/u);
  expect(said).not.toContain("[object");
});
