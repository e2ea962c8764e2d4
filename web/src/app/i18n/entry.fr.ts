import type { entryEn } from "./entry.en";
import { counter } from "./plural";

const count = counter("fr");

/** How people come in, and the rules of it, in French. */
export const entryFr: typeof entryEn = {
  ask: "Demander à entrer",
  asking: "Envoi…",
  askText: "Pas d’invitation ? Dites qui vous êtes. Une personne de la communauté vous répond, et répond de vous.",
  message: "Un mot sur vous",
  messageHint: "Qui vous connaît ici, ou ce qui vous amène. Seule la personne qui répond le lit, et il est oublié avec la réponse.",
  messageLong: "Un message compte au plus 300 caractères.",
  messageCharacters: "Un message tient en une ligne de texte simple.",
  openText: "Tout le monde peut entrer. Personne ne se porte garant de vous : vos premières invitations se gagnent en animant un salon ou en parlant.",
  waitTitle: "Votre demande attend une réponse",
  waitText: (community: string) => `Communauté « ${community} » : dès que quelqu’un vous ouvre, cette page s’ouvre d’elle-même.`,
  waitSent: (when: string) => `Envoyée ${when}. Gardez ce navigateur : c’est sa clé qui sera admise.`,
  waitClosed: "Depuis, cette communauté n’accueille que sur invitation. Votre demande reste là, au cas où cela changerait.",
  declined: "Votre demande a été refusée",
  declinedText: "Si vous pensez que c’est une erreur, demandez une invitation à un membre.",
  gone: "Votre demande n’a pas reçu de réponse à temps. Vous pouvez demander à nouveau.",
  withdraw: "Oublier cette demande",
  requests: "Demandes d’entrée",
  waiting: (n: number) => count(n, { one: "# personne demande à entrer.", other: "# personnes demandent à entrer." }),
  answer: "Répondre",
  nextText: (n: number, people: string, host: string, speak: string) =>
    count(n, {
      one: `# de plus par période, si vous animez un salon de ${people} pendant ${host}, ou si vous parlez ${speak} en tout.`,
      other: `# de plus par période, si vous animez un salon de ${people} pendant ${host}, ou si vous parlez ${speak} en tout.`,
    }),
  peopleOf: (n: number) => count(n, { one: "# personne", other: "# personnes" }),
  rulesInvite: "Les nouveaux membres entrent sur l’invitation d’un membre.",
  rulesAsk: "Les nouveaux membres entrent sur l’invitation d’un membre, ou demandent à entrer.",
  rulesOpen: "Tout le monde peut entrer.",
  rulesSlots: (admit: number, period: number) =>
    `Un nouveau membre commence avec ${admit === 0 ? "aucune invitation" : count(admit, { one: "# invitation", other: "# invitations" })} et peut en gagner ${period === 0 ? "zéro" : count(period, { one: "#", other: "#" })} par période.`,
  rulesPeriod: (period: string, life: string) => `Une période dure ${period}. Une invitation vaut au plus ${life}.`,
  rulesProbation: (time: string) => `Les nouveaux membres sont à l’essai pendant ${time}.`,
  rulesShow: "Les règles de la communauté",
};
