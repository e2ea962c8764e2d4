import { counter } from "./plural";

const count = counter("fr");

/** Who may enter a room, and what those meet who only listen, in French. */
export const doorFr = {
  entry: { members: "Réservé aux membres", public: "Écoute ouverte", chosen: "Sur choix" },
  publicOption: "Toute personne qui a le lien peut écouter",
  chosenOption: "Seulement les personnes que je choisis",
  membersHint: "Les nœuds qui connaissent celui-ci affichent aussi le salon dans leur hall.",
  publicHint: "Les membres entrent comme toujours. Les autres écoutent par le lien, sans nom et sans micro.",
  chosenHint: "Personne d’autre ne trouve le salon dans un hall, ni n’y entre par le lien.",

  choose: "Personnes",
  chooseHint: "Cherchez un nom ou collez une clé. Inutile de vous mettre sur la liste.",
  chooseNobody: "Choisissez au moins une personne, ou laissez entrer les membres.",
  chooseFull: (most: number) => `On peut choisir au plus ${most} personnes.`,
  found: (n: number) => count(n, { one: "# personne trouvée", other: "# personnes trouvées" }),
  foundNobody: "Personne de ce nom. Quelqu’un d’une autre communauté se choisit par sa clé.",
  unchoose: (name: string) => `Retirer ${name}`,
  byKey: "Par cette clé",

  settings: "Entrée",
  chosenPeople: "Personnes choisies",
  change: "Changer qui peut entrer",
  keep: "Ne rien changer",
  leaving: {
    members: (n: number) => count(n, { one: "# personne de passage sort aussitôt.", other: "# personnes de passage sortent aussitôt." }),
    chosen: (n: number) =>
      count(n, { one: "# personne à l’écoute sort aussitôt, sauf si elle est choisie.", other: "# personnes à l’écoute sortent aussitôt, sauf celles qui sont choisies." }),
  },
  now: {
    members: "Les membres de toutes les communautés peuvent entrer.",
    public: "Les membres peuvent entrer, et toute personne qui a le lien peut écouter.",
    chosen: "Seules les personnes choisies par la modération peuvent entrer.",
  },
  did: {
    entry: {
      members: (by: string) => `${by} a réservé le salon aux membres.`,
      public: (by: string) => `${by} a laissé écouter toute personne qui a le lien.`,
      chosen: (by: string) => `${by} a réservé le salon aux personnes choisies.`,
    },
    chose: (by: string, who: string) => `${by} a choisi ${who}.`,
    unchose: (by: string, who: string) => `${by} ne laisse plus entrer ${who}.`,
  },

  audience: (listening: number, guests: number) =>
    guests === 0
      ? count(listening, { one: "# personne écoute", other: "# personnes écoutent" })
      : listening === 0
        ? count(guests, { one: "# personne de passage écoute", other: "# personnes de passage écoutent" })
        : `${count(listening, { one: "# personne écoute", other: "# personnes écoutent" })}, et ${count(guests, { one: "# de passage", other: "# de passage" })}`,

  justListen: "Écouter seulement",
  guestText: (community: string) =>
    `Pour écouter, aucun compte n’est nécessaire : personne n’apprend qui vous êtes, seulement qu’une personne de plus écoute. Pour lever la main et parler, rejoignez la communauté « ${community} ».`,
  asGuest: "Vous écoutez de passage.",
  noNames: "Les membres se voient entre eux. Les personnes de passage sont seulement comptées.",
  front: (community: string) => `Vers « ${community} »`,
  nowMember: "Vous êtes membre. Votre clé n’existe que dans ce navigateur.",
  nowAs: (name: string) => `Vous voilà dans le salon en tant que ${name}.`,
  chosenOnly: "Ce salon est réservé aux personnes choisies.",
  inviteOnly: "On entre sur l’invitation d’un membre. Collez le lien reçu : vous rejoignez la communauté ici même, sans quitter le salon.",
  haveInvite: "J’ai un lien d’invitation",
  inviteLink: "Lien d’invitation",
  inviteHint: "Le lien entier, jusqu’au dernier caractère.",
  inviteWrong: "Ce n’est pas un lien d’invitation. Il contient /i/ en son milieu.",
  otherInvite: "Prendre une autre invitation",
  waitsHere: "Dès que quelqu’un vous accepte, vous êtes membre, ici, dans le salon.",

  waiting: "En attente d’une place. La page réessaie toute seule et vous fait entrer dès qu’une place se libère.",
  stopWaiting: "Ne plus attendre",
  gotIn: "Une place s’est libérée : vous êtes dans le salon.",
  otherTab: "Vous êtes dans un autre salon, dans un autre onglet. Entrer ici le fait quitter.",
  movedThere: "Vous êtes entré dans un autre salon depuis un autre onglet, et le son est là-bas. Un navigateur n’est que dans un salon à la fois.",
  comeBack: "Revenir ici",

  inApp: "Cette page est ouverte dans une autre application.",
  inAppHint: "Ces navigateurs n’ont souvent pas de micro, et ils oublient la clé qui fait de vous un membre.",
  noMicrophone: "Ce navigateur ne donne pas de micro aux pages.",
  noMicrophoneHint: "Vous pouvez écouter ici. Pour parler, prenez Firefox, Chrome, Edge ou Safari.",
  openOutside: "Ouvrir dans votre navigateur",
  addressCopied: "Adresse copiée. Collez-la dans votre navigateur.",
  addressByHand: (address: string) => `Ouvrez cette adresse dans votre navigateur : ${address}`,
};
