import type { toldEn } from "./told.en";

/** Ce qui se dit d'une notification, dans la page et, quand elle est fermée, par le « service worker ». */
export const toldFr: typeof toldEn = {
  somebody: "Quelqu’un",
  untitled: "Un salon terminé",
  opened: (name) => `${name} a ouvert un salon`,
  onStage: (name) => `${name} est sur scène`,
  onTopic: (topic) => `Un salon sur ${topic} est ouvert`,
  begins: (time) => `Commence à ${time}`,
  began: "C’est commencé",
  waiting: "Quelque chose vous attend ici.",
};
