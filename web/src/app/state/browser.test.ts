import { expect, test } from "vitest";
import { browserOf, openOutside } from "./browser";

const devices = { getUserMedia: () => Promise.reject(new Error()) } as unknown as MediaDevices;

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36", false],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", false],
  ["Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", false],
  ["Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36", true],
  ["Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/500.0.0.0;]", true],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", false],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", true],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 380.0", true],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", false],
])("%s", (userAgent, inApp) => {
  expect(browserOf({ userAgent, mediaDevices: devices })).toEqual({ inApp, microphone: true });
});

test("a browser without a microphone is one, whatever it calls itself", () => {
  expect(browserOf({ userAgent: "x" })).toEqual({ inApp: false, microphone: false });
});

test("Android opens a page elsewhere, but for one whose secret would be lost on the way", () => {
  const android = "Mozilla/5.0 (Linux; Android 15; wv)";
  expect(openOutside("https://cafe.example/r/abc?x=1", android)).toBe(
    "intent://cafe.example/r/abc?x=1#Intent;scheme=https;action=android.intent.action.VIEW;" +
      "S.browser_fallback_url=https%3A%2F%2Fcafe.example%2Fr%2Fabc%3Fx%3D1;end",
  );
  expect(openOutside("https://cafe.example/i/abc#secret", android)).toBeNull();
  expect(openOutside("https://cafe.example/r/abc", "iPhone")).toBeNull();
});
