import { counter } from "./plural";

const count = counter("en");

/** What is said where one looks for rooms and people, and in the columns beside the rooms. */
export const peopleEn = {
  search: "Search",
  searchLabel: "Rooms and people",
  searchHint: "A room by its title, a topic or a speaker; a person by their name.",
  rooms: "Rooms",
  people: "People",
  everybody: "Everybody here",
  topics: "Topics",
  foundRooms: (n: number) => count(n, { one: "# room", other: "# rooms" }),
  foundPeople: (n: number) => count(n, { one: "# person", other: "# people" }),
  found: (rooms: string, people: string) => `${rooms}, ${people}`,
  nothing: (query: string) => `Nothing matches “${query}”.`,
  nothingText: "Try fewer words, or a part of the name. You can find rooms that are open or planned, members of your community, and people you follow.",
  searchAudience: "Search the audience",
  nobodyCalled: (name: string) => `Nobody in the audience is called “${name}”.`,
  blocked: "Blocked",
  searching: "Searching…",
  morePeople: "Show more people",
  all: "All",
  followedTopic: "followed",
  followTopic: (topic: string) => `Follow ${topic}`,
  unfollowTopic: (topic: string) => `Unfollow ${topic}`,
  followTopics: "Follow topics",
  tooMany: "You follow 32 topics, which is all one can. Unfollow another one first.",
  noneOn: (topic: string) => `Nobody is talking about ${topic} now.`,
  noneOf: (community: string) => `Nobody is talking in ${community} now.`,
  showAll: "Show all rooms",
  onlyOf: (community: string) => `Only ${community}`,
  communities: "Communities",
  followedPeople: "People you follow",
  nobodyFollowed: "You follow nobody yet. Those you follow stand here, with the room they speak in.",
  findPeople: "Find people",
  speaksIn: (title: string) => `in “${title}”`,
};
