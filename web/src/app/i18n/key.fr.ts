import type { keyEn } from "./key.en";

/** One's key: keeping it, what is left where it opens nothing any more, and a new node without a founder, in French. */
export const keyFr: typeof keyEn = {
  farewell: {
    erasedTitle: "Vous êtes oublié ici",
    erasedText: (community) => `La communauté « ${community} » vous a effacé : vous n’en êtes plus membre, et votre nom n’est sur aucun de ses nœuds.`,
    erasedKey: "Ce navigateur a oublié votre clé. Supprimez votre fichier de récupération : il n’ouvre plus rien ici.",
    erasedBack: "Pour revenir, il faut rejoindre de nouveau, comme la première fois.",
    outTitle: "Votre session est fermée ici",
    outText: "Vous avez fermé cette session depuis un autre de vos navigateurs ou programmes. Votre clé est toujours dans ce navigateur.",
    outStranger: "Si ce n’était pas vous, quelqu’un d’autre a votre clé. Effacez-vous alors, et revenez avec une nouvelle clé.",
    signIn: "Rouvrir la session",
  },

  key: {
    fileAgain: "Enregistrer à nouveau le fichier de récupération",
    fileAgainHint: "Il s’ouvre avec la phrase secrète que vous avez choisie pour lui.",
    fileElsewhere: "Ce navigateur n’a pas de copie du fichier. Ouvrez-le ici une fois, et il pourra être enregistré à nouveau d’ici.",
    fileOpen: "Ouvrir le fichier de récupération",
    keeps: "Ce navigateur a promis de garder votre clé.",
    mayForget: "Ce navigateur peut oublier votre clé quand il manque de place.",
    askToKeep: "Lui demander de garder la clé",
    keepRefused: "Le navigateur ne promet rien. Certains ne le font que pour les pages souvent visitées ou installées.",
    forgetFirst: "Enregistrer d’abord le fichier de récupération",
  },

  request: {
    title: "Ou l’ajouter à une communauté qui existe",
    text: "C’est le fondateur de celle-ci qui approuve ce nœud. Préparez-lui une demande, avec l’adresse d’un nœud de la communauté.",
    address: "Adresse du nœud de la communauté",
    addressHint: "Comme dans le navigateur : https://…",
    addressWrong: "Ce n’est pas l’adresse d’un nœud. Elle commence par https:// et n’a pas de chemin.",
    make: "Préparer une demande",
    link: "Demande pour le fondateur",
    linkHint: "À ouvrir dans le navigateur du fondateur, ou à n’envoyer qu’à lui : qui la détient peut s’attribuer ce nœud pendant une heure.",
    waits: "En attente du fondateur. Cette page continue d’elle-même.",
    thisNode: "Ce nœud",
  },
};
