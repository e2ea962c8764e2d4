import type { peopleEn } from "./people.en";
import { counter } from "./plural";

const count = counter("fr");

/** Ce qui se dit là où l’on cherche salons et gens, et dans les colonnes à côté des salons. */
export const peopleFr: typeof peopleEn = {
  search: "Rechercher",
  searchLabel: "Salons et personnes",
  searchHint: "Un salon par son titre, un sujet ou une voix ; une personne par son nom.",
  rooms: "Salons",
  people: "Personnes",
  everybody: "Tout le monde ici",
  topics: "Sujets",
  foundRooms: (n) => count(n, { one: "# salon", other: "# salons" }),
  foundPeople: (n) => count(n, { one: "# personne", other: "# personnes" }),
  found: (rooms, people) => `${rooms} et ${people}`,
  nothing: (query) => `Rien ne correspond à « ${query} ».`,
  nothingText: "Essayez avec moins de mots, ou une partie du nom. On trouve les salons ouverts ou prévus, les membres de votre communauté et les personnes que vous suivez.",
  searchAudience: "Chercher dans le public",
  nobodyCalled: (name) => `Personne dans le public ne s’appelle « ${name} ».`,
  blocked: "Personne bloquée",
  searching: "Recherche…",
  morePeople: "Afficher d’autres personnes",
  all: "Tous",
  followedTopic: "suivi",
  followTopic: (topic) => `Suivre ${topic}`,
  unfollowTopic: (topic) => `Ne plus suivre ${topic}`,
  followTopics: "Suivre des sujets",
  tooMany: "Vous suivez 32 sujets, le maximum. Cessez d’abord d’en suivre un autre.",
  noneOn: (topic) => `Personne ne parle de ${topic} en ce moment.`,
  noneOf: (community) => `Personne ne parle en ce moment : ${community}.`,
  showAll: "Afficher tous les salons",
  onlyOf: (community) => `Seulement ${community}`,
  communities: "Communautés",
  followedPeople: "Personnes que vous suivez",
  nobodyFollowed: "Vous ne suivez encore personne. Celles et ceux que vous suivez s’affichent ici, avec le salon où ils parlent.",
  findPeople: "Trouver des gens",
  speaksIn: (title) => `dans « ${title} »`,
};
