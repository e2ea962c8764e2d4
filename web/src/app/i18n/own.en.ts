import { counter } from "./plural";

const count = counter("en");

/** What is one's own: one's data, and where one is signed in, in English. */
export const ownEn = {
  // One's data.
  data: "Your data",
  dataText: "Everything that this node holds on you, as one archive: readable files, and the proof of how you became a member.",
  download: "Download everything",
  downloading: "Preparing…",
  downloaded: (size: string) => `Downloading… ${size}`,
  saved: "Your archive is in your downloads.",
  cut: "The download was cut off. Try again: nothing is lost.",
  busy: "The node is making archives for others just now. Try again in a minute.",

  // Leaving for good.
  leave: "Leave for good",
  leaveText: "Erasing takes you out of the community, and everything about you off its nodes. Nobody can undo it.",
  erase: "Erase me",
  eraseTitle: "Erase yourself?",
  goes: "What goes, at once",
  goesList: [
    "your name, picture and profile, and what you set, follow and block",
    "titles, notes and reasons that you wrote, or that were written about you",
    "your live and scheduled rooms: they end",
    "your unused invites, your sessions, and your place in every room",
  ],
  stays: "What stays, and why",
  staysList: [
    "your key, with numbers, times and references in the community’s log: whom you brought in stay members, and their chain leads through you",
    "backups that were made before, until whoever runs the node deletes them; restoring one erases you again",
    "what other people’s browsers have on their screens until they reload",
  ],
  eraseKey: "This browser forgets your key, and your recovery file opens nothing here any more. To come back you join anew, with a new key.",
  eraseName: (name: string) => `Type your name to confirm: ${name}`,
  eraseNameWrong: "That is not your name as it stands here.",
  eraseConfirm: "Erase me for good",
  erasing: "Erasing… it may take a few minutes.",
  founderStays: "As the founder you cannot be erased: your key is the community, and every member’s chain ends at it.",
  founderInstead: "You can change your name, or give the community up: stop its nodes and delete their data. Download everything first.",

  // Sessions.
  sessions: "Where you are signed in",
  sessionsText: "Browsers and programs that use your key at this node. It keeps no addresses, and forgets sessions when it restarts.",
  here: "This browser",
  program: "A program without a name",
  since: (when: string) => `since ${when}`,
  now: "in use now",
  seen: (when: string) => `last used ${when}`,
  signOut: "Sign out",
  signOutWhich: (program: string, when: string) => `Sign out: ${program}, since ${when}`,
  signOutOthers: (n: number) => count(n, { one: "Sign out the other one", other: "Sign out all # others" }),
  signedOut: "Signed out there.",
  signedOutOthers: "Signed out everywhere else.",
  sessionsHint: "Signing out stops what goes on there, other apps included. The key stays in that browser: whoever uses it can sign in again, unless you choose “Forget this browser” there.",
};
