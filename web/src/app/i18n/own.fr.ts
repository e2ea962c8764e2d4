import type { ownEn } from "./own.en";
import { counter } from "./plural";

const count = counter("fr");

/** What is one's own: one's data, and where one is signed in, in French. */
export const ownFr: typeof ownEn = {
  data: "Vos données",
  dataText: "Tout ce que ce nœud détient sur vous, en une archive : des fichiers lisibles, et la preuve de votre admission.",
  download: "Tout télécharger",
  downloading: "Préparation…",
  downloaded: (size) => `Téléchargement… ${size}`,
  saved: "Votre archive est dans vos téléchargements.",
  cut: "Le téléchargement a été interrompu. Réessayez : rien n’est perdu.",
  busy: "Le nœud prépare en ce moment les archives d’autres membres. Réessayez dans une minute.",
  leave: "Partir pour de bon",
  leaveText: "L’effacement vous retire de la communauté, et retire de ses nœuds tout ce qui vous concerne. Personne ne peut l’annuler.",
  erase: "M’effacer",
  eraseTitle: "Vous effacer ?",
  goes: "Ce qui disparaît, aussitôt",
  goesList: [
    "votre nom, votre photo et votre profil, ce que vous avez réglé, suivi et bloqué",
    "les titres, notes et motifs que vous avez écrits, ou qu’on a écrits sur vous",
    "vos salons en cours et prévus : ils prennent fin",
    "vos invitations non utilisées, vos sessions, et votre place dans chaque salon",
  ],
  stays: "Ce qui reste, et pourquoi",
  staysList: [
    "votre clé, avec des nombres, des heures et des références dans le journal de la communauté : ceux que vous avez fait entrer restent membres, et leur chaîne passe par vous",
    "les sauvegardes déjà faites, jusqu’à ce que l’exploitant du nœud les supprime ; en rétablir une vous efface à nouveau",
    "ce que les navigateurs des autres ont à l’écran, jusqu’à ce qu’ils rechargent la page",
  ],
  eraseKey: "Ce navigateur oublie votre clé, et votre fichier de récupération n’ouvre plus rien ici. Pour revenir, il faudra rejoindre de nouveau, avec une nouvelle clé.",
  eraseName: (name) => `Saisissez votre nom pour confirmer : ${name}`,
  eraseNameWrong: "Ce n’est pas votre nom tel qu’il figure ici.",
  eraseConfirm: "M’effacer pour de bon",
  erasing: "Effacement… cela peut prendre quelques minutes.",
  founderStays: "Vous avez fondé la communauté et ne pouvez pas être effacé : votre clé est la communauté, et la chaîne de chaque membre y aboutit.",
  founderInstead: "Vous pouvez changer de nom, ou renoncer à la communauté : arrêter ses nœuds et supprimer leurs données. Téléchargez d’abord tout.",
  sessions: "Où votre session est ouverte",
  sessionsText: "Les navigateurs et programmes qui utilisent votre clé sur ce nœud. Il ne garde aucune adresse, et oublie les sessions quand il redémarre.",
  here: "Ce navigateur",
  program: "Un programme sans nom",
  since: (when) => `depuis le ${when}`,
  now: "en cours d’utilisation",
  seen: (when) => `dernière utilisation ${when}`,
  signOut: "Fermer la session",
  signOutWhich: (program, when) => `Fermer la session : ${program}, depuis le ${when}`,
  signOutOthers: (n) => count(n, { one: "Fermer l’autre session", other: "Fermer les # autres sessions" }),
  signedOut: "La session est fermée.",
  signedOutOthers: "Toutes les autres sessions sont fermées.",
  sessionsHint: "Fermer une session arrête tout ce qui s’y passe, autres applications comprises. La clé reste dans ce navigateur-là : qui l’utilise peut rouvrir une session, à moins d’y choisir « Oublier ce navigateur ».",
};
