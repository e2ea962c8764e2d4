import { loadPageWords } from "./i18n";

// The parts of the page that are not before the door of a room. They are loaded after it has been shown (start.ts), or
// when they are wanted.

/** A part with the words that only it says. */
async function worded<T>(part: Promise<T>): Promise<T> {
  return (await Promise.all([part, loadPageWords()]))[0];
}

/** The hallway, and what a stranger finds. */
export const home = () => import("./home");
/** What opens by a press, and where one signs in anew. */
export const more = () => import("./more");
/** The other pages. */
export const pages = () => worded(import("./pages"));
/** The description of the API. */
export const docs = () => worded(import("./pages/docs"));
