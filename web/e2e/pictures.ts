// Takes the pictures of docs/images: run by `npm run pictures`.
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "@playwright/test";
import { walk, type Look, type Stop } from "./walk";
import { walkDoor } from "./walk-door";
import { walkEntry } from "./walk-entry";
import { walkSchedule } from "./walk-schedule";
import { walkOwn } from "./walk-own";

const folder = resolve(import.meta.dirname, "../../docs/images");
const looks: Look[] = (["light", "dark"] as const).flatMap((theme) => [
  { width: 390, height: 844, theme, language: "en" } as const,
  { width: 1280, height: 800, theme, language: "en" } as const,
]);

for (const look of [...looks, { width: 390, height: 844, theme: "light", language: "fr" } as const]) {
  test(`pictures: ${look.language}, ${look.theme}, ${look.width} px`, async () => {
    test.setTimeout(600_000);
    await mkdir(folder, { recursive: true });
    const picture: Stop = async (stop, { page }) => {
      await page.waitForTimeout(400); // dialogs slide in
      await page.screenshot({ path: resolve(folder, `${stop}-${look.width}-${look.theme}-${look.language}.png`) });
    };
    await walk(look, picture);
    await walkEntry(look, picture);
    await walkSchedule(look, picture);
    await walkDoor(look, picture);
    await walkOwn(look, picture);
  });
}
