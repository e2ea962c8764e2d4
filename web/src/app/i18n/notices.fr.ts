import type { noticesEn } from "./notices.en";
import { counter } from "./plural";
import { toldFr } from "./told.fr";

const count = counter("fr");

/** Ce qui se dit des notifications. */
export const noticesFr: typeof noticesEn = {
  told: toldFr,
  toast: (title, why) => `${title} : ${why}`,
  title: "Notifications",
  unread: (n) => (n === 0 ? "Notifications" : `Notifications, ${count(n, { one: "# non lue", other: "# non lues" })}`),
  fresh: "Nouveau",
  quiet: "Arrivée pendant vos heures calmes",
  none: "Rien pour l’instant.",
  noneHint: "Suivez un sujet ou une personne\u00a0: quand un de ses salons s’ouvre, vous l’apprenez ici.",
  choose: "Choisir de quoi être averti",
  kept: "Ce dont vous avez été averti ces sept derniers jours. Personne d’autre ne le voit.",
  open: "Ouvrir",
  when: "M’avertir",
  topics: "Quand un salon s’ouvre sur un sujet suivi",
  people: "Quand une personne que je suis ouvre un salon, ou monte sur scène",
  community: "Quand un salon de ma communauté s’ouvre, quel qu’il soit",
  reminders: "Avant les salons prévus, quand j’ai demandé un rappel",
  quietHours: "Heures calmes",
  quietHint: "Les notifications attendent sous la cloche, et rien ne sonne.",
  from: "De",
  to: "À",
  zone: "Fuseau horaire",
  closed: "Quand cette page est fermée",
  closedHint: "Par le service de messages de votre navigateur, chiffré pour lui\u00a0: ce service apprend quand quelque chose arrive, pas quoi.",
  turnOn: "M’avertir aussi dans ce navigateur",
  turnOff: "Ne plus avertir ce navigateur",
  on: "Ce navigateur est averti, même quand la page est fermée.",
  turnedOn: "Désormais, ce navigateur est averti quand la page est fermée.",
  turnedOff: "Ce navigateur n’est plus averti quand la page est fermée.",
  first: "Choisissez d’abord de quoi être averti ci-dessus\u00a0; ce navigateur pourra l’être aussi.",
  denied: "Ce navigateur bloque les notifications de cette page.",
  deniedHint: "Ouvrez les réglages du site depuis l’icône à côté de l’adresse, autorisez les notifications, puis revenez ici.",
  unsupported: "Ce navigateur ne peut pas être averti quand la page est fermée.",
  unsupportedHint: "Sur iPhone ou iPad, ajoutez d’abord cette page à l’écran d’accueil et ouvrez-la depuis là. Une fenêtre privée ne le peut pas.",
  failed: "Le navigateur n’a pas pu joindre son service de messages. Réessayez plus tard\u00a0; la cloche fonctionne quand même.",
};
