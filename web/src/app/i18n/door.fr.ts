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
  chosenLater: "Vous les choisirez dans les réglages du salon, une fois qu’il sera ouvert.",

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
  chosenNone: "Personne n’est choisi en dehors de la scène.",
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
};
