import { counter } from "./plural";
import { toldEn } from "./told.en";

const count = counter("en");

/** What is said of notifications. */
export const noticesEn = {
  told: toldEn,
  toast: (title: string, why: string) => `${title}: ${why}`,
  title: "Notifications",
  unread: (n: number) => (n === 0 ? "Notifications" : `Notifications, ${count(n, { one: "# unread", other: "# unread" })}`),
  fresh: "New",
  quiet: "Came in your quiet hours",
  none: "Nothing yet.",
  noneHint: "Follow a topic or a person: when a room of theirs opens, you are told here.",
  choose: "Choose what you are told",
  kept: "What you were told in the last seven days. Nobody else sees it.",
  open: "Open",
  when: "Tell me",
  topics: "When a room opens on a topic I follow",
  people: "When somebody I follow opens a room, or comes on stage",
  community: "When any room of my community opens",
  reminders: "Before scheduled rooms, when I asked to be reminded",
  quietHours: "Quiet hours",
  quietHint: "Notifications wait under the bell, and nothing rings.",
  from: "From",
  to: "To",
  zone: "Time zone",
  closed: "When this page is closed",
  closedHint: "Through the push service of your browser, encrypted for it: the service learns when something comes, not what.",
  turnOn: "Tell me in this browser too",
  turnOff: "No longer in this browser",
  on: "This browser is told, also when the page is closed.",
  turnedOn: "From now on this browser is told when the page is closed.",
  turnedOff: "This browser is no longer told when the page is closed.",
  first: "Choose above what you want to be told; then this browser can be told, too.",
  denied: "This browser blocks notifications of this page.",
  deniedHint: "Open the site’s settings from the icon beside the address, allow notifications, and come back here.",
  unsupported: "This browser cannot be told while the page is closed.",
  unsupportedHint: "On an iPhone or iPad, add this page to the Home Screen first and open it from there. Private windows cannot.",
  failed: "The browser could not reach its push service. Try again later; the bell works all the same.",
};
