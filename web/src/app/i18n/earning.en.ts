import { counter } from "./plural";

const count = counter("en");

/** What members earn, what they answer for, and the making of an invite, in English. */
export const earningEn = {
  // What is earned.
  next: (n: number) => count(n, { one: "How your next invite comes", other: "How your next # invites come" }),
  branches: "People count once for each branch of the invite tree: guests of guests of the same person are one branch. Whoever is on probation does not count.",
  hosting: "Hosting",
  speaking: "Speaking",
  ofTime: (done: string, all: string) => `${done} of ${all}`,
  here: (n: number, all: number) => 
    count(n, { one: `# of ${all} branches is in your room now`, other: `# of ${all} branches are in your room now` }),
  periodEnds: (when: string) => `This period ends ${when}.`,
  earnedHosting: (when: string) => `You earned them by hosting. The next can be earned ${when}.`,
  earnedSpeaking: (when: string) => `You earned them by speaking. The next can be earned ${when}.`,
  onlyHere: "What you do in rooms of other communities does not count here.",
  received: "Received",
  admission: "for joining",
  forHosting: "for hosting a room",
  forSpeaking: "for speaking",
  slots: (n: number) => count(n, { one: "# invite", other: "# invites" }),

  // Standing.
  standing: "Your standing",
  wayInvite: (name: string) => `You came by the invite of ${name}, who answers for you.`,
  wayAsk: (name: string) => `You asked to join, and ${name} let you in and answers for you.`,
  wayOpen: "You came by the open door. Nobody answers for you by name.",
  wayFounder: "You founded this community.",
  answersFor: (n: number) =>
    count(n, { one: "You answer for # person.", other: "You answer for # people." }),
  answersNobody: "You answer for nobody yet.",
  probation: (day: string) => `You are on probation until ${day}: others do not earn by your being in their room.`,

  // Creating an invite.
  note: "For whom (only you see this)",
  noteLong: "A note has at most 100 characters.",
  noteCharacters: "A note is one line of plain text.",
  life: "Valid for",
  forWhom: (note: string) => `For ${note}`,
};
