import { beforeAll, expect, test, vi } from "vitest";
import { settings } from "../state/settings";
import { ago, relative, startLanguage } from "./index";

vi.stubGlobal("navigator", { languages: ["en-GB"] });
vi.stubGlobal("document", { documentElement: {} });

beforeAll(startLanguage);

const now = new Date(2026, 4, 12, 12).getTime();
const hour = 3_600_000;

test("times are relative below a day, and dates from then on", () => {
  settings.language.value = "en";
  expect(relative(now - 3 * 60_000, now)).toBe("3 minutes ago");
  expect(relative(now - 59_000, now)).toBe("just now");
  expect(relative(now + 23 * hour, now)).toBe("in 23 hours");
  expect(relative(now + 7 * 24 * hour, now)).toBe("on 19 May");
  expect(relative(now - 24 * hour, now)).toBe("on 11 May");
  expect(ago(now - 24 * hour, now)).toBe("11 May");
  expect(ago(now - 365 * 24 * hour, now)).toBe("12 May 2025");
});
