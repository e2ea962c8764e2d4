// An evening in French, by keyboard alone, on a screen of 360 pixels: once with Ana in Chromium and Léo in Firefox, and
// once the other way round.
import { expect, test } from "@playwright/test";
import { outside, Typist } from "./keyboard";
import { StoaNode } from "./node";

const chromium = (name: string): Promise<Typist> => Typist.inChromium(name, name === "Ana" ? "ana" : "leo");
const firefox = (name: string): Promise<Typist> => Typist.inFirefox(name);

for (const [engines, anas, leos] of [
  ["Chromium and Firefox", chromium, firefox],
  ["Firefox and Chromium", firefox, chromium],
] as const) {
  test(`two people talk by keyboard, in French, in ${engines}`, async () => {
    const node = await StoaNode.start([], outside());
    const ana = await anas("Ana");
    const leo = await leos("Léo");
    try {
      // Ana founds the community, makes an invite, and opens a room.
      await ana.page.goto(node.ownerLink);
      await ana.fill("Votre nom", "Ana");
      await ana.use("Rejoindre");
      await ana.sees("Enregistrez votre fichier de récupération");
      await ana.use("Plus tard");
      await ana.sees("En direct");
      expect(await ana.fits()).toBe(true);
      await ana.page.goto(`${node.url}/invites`);
      await ana.use("Créer une invitation");
      const link = await ana.read("Lien d’invitation");
      await ana.page.goto(`${node.url}/`);
      await ana.use("Lancer un salon");
      await ana.fill("Titre", "Veillée");
      await ana.use("Lancer");
      await ana.sees("Veillée");
      await ana.use("Ouvrir le micro");

      // Léo comes by the invite, listens, and asks for the stage.
      await leo.page.goto(link);
      await leo.sees("Ana vous invite");
      expect(await leo.fits()).toBe(true);
      await leo.fill("Votre nom", "Léo");
      await leo.use("Rejoindre");
      await leo.use("Plus tard");
      await leo.use("Veillée");
      await leo.use("Entrer pour écouter");
      await leo.hears();
      expect(await leo.fits()).toBe(true);
      await leo.press("h");
      await leo.sees("Vous êtes numéro 1");

      // Ana invites him, and they hear each other.
      await ana.use("Inviter Léo sur scène");
      await leo.use("Monter sur scène");
      await leo.use("Ouvrir le micro");
      await ana.hears();

      // m closes his microphone, and a moderator's mute too.
      await leo.press("m");
      await ana.hearsNobody();
      await leo.use("Ouvrir le micro");
      await ana.hears();
      await ana.use("Léo");
      await ana.use("Couper le micro");
      await ana.hearsNobody();

      // She removes him: he hears nobody any more, and does not come back by loading the page again.
      await leo.hears();
      await ana.use("Léo");
      await ana.use("Retirer du salon");
      await ana.fill("Motif", "Trop fort");
      await ana.use("Retirer");
      await leo.sees("Vous avez été retiré de ce salon");
      await leo.sees("Trop fort");
      await leo.hearsNobody();
      await leo.page.goto(leo.page.url());
      await leo.sees("Vous avez été retiré de ce salon");
      await leo.hearsNobody();
      expect(await leo.fits()).toBe(true);
    } finally {
      await leo.leave();
      await ana.leave();
      await node.destroy();
    }
  });
}
