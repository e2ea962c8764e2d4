import type { earningEn } from "./earning.en";
import { counter } from "./plural";

const count = counter("fr");

/** What members earn, what they answer for, and the making of an invite, in French. */
export const earningFr: typeof earningEn = {
  next: (n: number) =>
    count(n, { one: "Comment vient votre prochaine invitation", other: "Comment viennent vos # prochaines invitations" }),
  branches: "Les personnes comptent une fois par branche de l’arbre des invitations : les invités des invités d’une même personne forment une seule branche. Qui est à l’essai ne compte pas.",
  hosting: "Animer",
  speaking: "Parler",
  ofTime: (done: string, all: string) => `${done} sur ${all}`,
  here: (n: number, all: number) => 
    count(n, { one: `# branche sur ${all} est dans votre salon en ce moment`, other: `# branches sur ${all} sont dans votre salon en ce moment` }),
  periodEnds: (when: string) => `Cette période se termine ${when}.`,
  earnedHosting: (when: string) => `Vous les avez gagnées en animant un salon. Les prochaines pourront l’être ${when}.`,
  earnedSpeaking: (when: string) => `Vous les avez gagnées en parlant. Les prochaines pourront l’être ${when}.`,
  onlyHere: "Ce que vous faites dans les salons d’autres communautés ne compte pas ici.",
  received: "Reçues",
  admission: "pour votre arrivée",
  forHosting: "pour avoir animé un salon",
  forSpeaking: "pour avoir parlé",
  slots: (n: number) => count(n, { one: "# invitation", other: "# invitations" }),
  standing: "Votre situation",
  wayInvite: (name: string) => `Invitation reçue de la part de ${name}, qui répond de vous.`,
  wayAsk: (name: string) => `Vous avez demandé à entrer ; ${name} vous a ouvert et répond de vous.`,
  wayOpen: "Arrivée par la porte ouverte : personne ne répond nommément de vous.",
  wayFounder: "Vous avez fondé cette communauté.",
  answersFor: (n: number) =>
    count(n, { one: "Vous répondez de # personne.", other: "Vous répondez de # personnes." }),
  answersNobody: "Vous ne répondez encore de personne.",
  probation: (day: string) => `Vous êtes à l’essai jusqu’au ${day} : votre présence ne fait rien gagner aux autres.`,
  note: "Pour qui (vous seul le voyez)",
  noteLong: "Une note compte au plus 100 caractères.",
  noteCharacters: "Une note tient en une ligne de texte simple.",
  life: "Valable pendant",
  forWhom: (note: string) => `Pour ${note}`,
};
