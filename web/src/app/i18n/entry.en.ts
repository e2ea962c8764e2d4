import { counter } from "./plural";

const count = counter("en");

/** How people come in, and the rules of it, in English. */
export const entryEn = {
  // Without an invite.
  ask: "Ask to join",
  asking: "Sending…",
  askText: "You have no invite? Say who you are. Somebody of the community answers you, and answers for you.",
  message: "A word about yourself",
  messageHint: "Who knows you here, or what brings you. Only whoever answers reads it, and it is forgotten with the answer.",
  messageLong: "A message has at most 300 characters.",
  messageCharacters: "A message is one line of plain text.",
  openText: "Everybody may join. Nobody vouches for you: your first invites are earned by hosting or speaking.",
  waitTitle: "Your request is waiting",
  waitText: (community: string) => `As soon as somebody of ${community} lets you in, this page opens by itself.`,
  waitSent: (when: string) => `Sent ${when}. Keep this browser: the key in it is what is let in.`,
  waitClosed: "This community takes people by invite only since. Your request waits on, should that change.",
  declined: "Your request was declined",
  declinedText: "If you think that is a mistake, ask a member for an invite.",
  gone: "Your request was not answered in time. You may ask again.",
  withdraw: "Forget this request",

  // For stewards.
  requests: "Requests to join",
  waiting: (n: number) => count(n, { one: "# person asks to join.", other: "# people ask to join." }),
  answer: "Answer",

  // The rules.
  nextText: (n: number, people: string, host: string, speak: string) =>
    count(n, {
      one: `# more every period, if you host a room of ${people} for ${host}, or speak ${speak} in all.`,
      other: `# more every period, if you host a room of ${people} for ${host}, or speak ${speak} in all.`,
    }),
  peopleOf: (n: number) => count(n, { one: "# person", other: "# people" }),
  rulesInvite: "New members come by a member’s invite.",
  rulesAsk: "New members come by a member’s invite, or ask and are let in.",
  rulesOpen: "Everybody may join.",
  rulesSlots: (admit: number, period: number) =>
    `A new member begins with ${admit === 0 ? "no invites" : count(admit, { one: "# invite", other: "# invites" })} and can earn ${period === 0 ? "no more" : count(period, { one: "# more", other: "# more" })} each period.`,
  rulesPeriod: (period: string, life: string) => `A period is ${period}. An invite stands for at most ${life}.`,
  rulesProbation: (time: string) => `New members are on probation for ${time}.`,
  rulesShow: "The community’s rules",
};
