import { counter } from "./plural";

const count = counter("en");

/** Who may enter a room, and what those meet who only listen, in English. */
export const doorEn = {
  // Who may enter.
  entry: { members: "Members only", public: "Anyone may listen", chosen: "Chosen people" },
  publicOption: "Anyone with the link may listen",
  chosenOption: "Only people I choose",
  membersHint: "Nodes that know this one show the room in their hallways too.",
  publicHint: "Members come in as always. Everybody else hears the room by its link: without a name, and without a microphone.",
  chosenHint: "Nobody else finds the room in a hallway, or comes in by its link.",

  // Choosing people.
  choose: "People",
  chooseHint: "Search by name, or paste a key. You yourself need not be on the list.",
  chooseNobody: "Choose at least one person, or let members in.",
  chooseFull: (most: number) => `At most ${most} people can be chosen.`,
  found: (n: number) => count(n, { one: "# person found", other: "# people found" }),
  foundNobody: "Nobody of that name. Somebody of another community is chosen by their key.",
  unchoose: (name: string) => `Take ${name} off`,
  byKey: "By this key",

  // The settings of a live room.
  settings: "Entry",
  chosenPeople: "Chosen people",
  change: "Change who may enter",
  keep: "Leave it as it is",
  leaving: {
    members: (n: number) => count(n, { one: "# guest leaves at once.", other: "# guests leave at once." }),
    chosen: (n: number) =>
      count(n, { one: "# person who listens leaves at once, unless chosen.", other: "# people who listen leave at once, unless chosen." }),
  },
  now: {
    members: "Members of any community may enter.",
    public: "Members may enter, and anyone with the link may listen.",
    chosen: "Only people whom the moderators chose may enter.",
  },
  did: {
    entry: {
      members: (by: string) => `${by} let members in, and nobody else.`,
      public: (by: string) => `${by} let anyone with the link listen.`,
      chosen: (by: string) => `${by} let only chosen people in.`,
    },
    chose: (by: string, who: string) => `${by} chose ${who}.`,
    unchose: (by: string, who: string) => `${by} no longer lets ${who} in.`,
  },

  // Counts.
  audience: (listening: number, guests: number) =>
    guests === 0
      ? count(listening, { one: "# listening", other: "# listening" })
      : listening === 0
        ? count(guests, { one: "# guest listening", other: "# guests listening" })
        : `${count(listening, { one: "# listening", other: "# listening" })} and ${count(guests, { one: "# guest", other: "# guests" })}`,

  // Listening without being a member.
  justListen: "Just listen",
  guestText: (community: string) =>
    `To listen you need no account: nobody learns who you are, only that one more person listens. To raise your hand and speak, join ${community}.`,
  asGuest: "You listen as a guest.",
  noNames: "Members see who listens among them. Guests are only counted.",
  front: (community: string) => `To ${community}`,
  nowMember: "You are a member now. Your key is in this browser only.",
  nowAs: (name: string) => `You are in the room as ${name} now.`,
  chosenOnly: "This room is for chosen people.",
  inviteOnly: "You come in by the invite of a member. Paste its link, and you join here, without leaving the room.",
  haveInvite: "I have an invite link",
  inviteLink: "Invite link",
  inviteHint: "The whole link, to its last character.",
  inviteWrong: "This is no invite link. It has /i/ in its middle.",
  otherInvite: "Use another invite",
  waitsHere: "As soon as somebody lets you in, you are a member, here in the room.",

  // No place, and other tabs.
  waiting: "Waiting for a place. The page tries again by itself and takes you in when there is one.",
  stopWaiting: "Stop waiting",
  gotIn: "There was a place: you are in the room.",
  otherTab: "You are in another room in another tab. Entering this one leaves that one.",
  movedThere: "You entered another room in another tab, and the sound is there. One browser is in one room at a time.",
  comeBack: "Come back here instead",

  // Browsers inside other apps.
  inApp: "This page is open inside another app.",
  inAppHint: "Such browsers often have no microphone, and they forget the key that makes you a member.",
  noMicrophone: "This browser gives pages no microphone.",
  noMicrophoneHint: "You can listen here. To speak, use Firefox, Chrome, Edge or Safari.",
  openOutside: "Open in your browser",
  addressCopied: "Address copied. Paste it into your browser.",
  addressByHand: (address: string) => `Open this address in your browser: ${address}`,
};
