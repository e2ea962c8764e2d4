import { computed, effect, signal } from "@preact/signals";
import { loadSentences } from "../../sdk";
import { settings, type Locale } from "../state/settings";
import { surely } from "../state/surely";

/** The names of the languages there are, each in itself. */
export const languages: readonly { locale: Locale; name: string }[] = [
  { locale: "en", name: "English" },
  { locale: "fr", name: "Français" },
];

/** The chosen language, else the browser's first that there is, else English. */
const wanted = computed<Locale>(() => settings.language.value ?? preferred());

function preferred(): Locale {
  for (const tag of navigator.languages) {
    const language = tag.toLowerCase().split("-")[0];
    if (language === "fr" || language === "en") return language;
  }
  return "en";
}

/** What a part of the page says, in one language at a time. */
interface Words<T> {
  /** Null before any have come. What reads it is drawn anew when others come. */
  readonly here: { locale: Locale; words: T } | null;
  /** Fetches those of the wanted language, and again when another is wanted; until they are here the ones before stay. */
  load(): Promise<void>;
}

function words<T>(fetch: (language: Locale) => Promise<T>): Words<T> {
  const here = signal<{ locale: Locale; words: T } | null>(null);
  async function fetchWanted(): Promise<void> {
    const language = wanted.value;
    if (here.peek()?.locale === language) return;
    const fetched = await fetch(language);
    // Another may be wanted by now. Until that is here these are better than none.
    if (language === wanted.peek() || here.peek() === null) here.value = { locale: language, words: fetched };
  }
  let kept = false;
  return {
    get here() {
      return here.value;
    },
    async load() {
      await fetchWanted();
      if (kept) return;
      kept = true;
      wanted.subscribe(() => void surely(fetchWanted));
    },
  };
}

// Each language is a part of its own, so nobody loads another's.
const ofPage = words(async (language) => (language === "fr" ? (await import("./fr")).fr : (await import("./en")).en));
const ofPages = words(async (language) => (language === "fr" ? (await import("./pages.fr")).pagesFr : (await import("./pages.en")).pagesEn));
const sentences = words(loadSentences);

/** The language in use. */
export const locale = computed<Locale>(() => ofPage.here?.locale ?? wanted.value);

function said<T>({ here }: Words<T>): T {
  if (here === null) throw new Error("nothing was loaded to be said here");
  return here.words;
}

/** What the page says, in the language in use. */
export const t = () => said(ofPage);

/** What the pages say that people go to by a link: nothing else may use it, for it comes with them. */
export const tp = () => said(ofPages);

/** Has what {@link tp} gives come. */
export const loadPageWords = () => ofPages.load();

/** Has the sentences for refusals come. Without them what the node says itself is shown. */
export const loadRefusals = () => sentences.load();

/** The sentence for a refusal of the node; undefined before they are here, and for a code that this version does not know. */
export function refusal(code: string): string | undefined {
  return (sentences.here?.words as Readonly<Record<string, { title: string }>> | undefined)?.[code]?.title;
}

/** Keeps the page and its document in the wanted language. Resolves when the page has words. */
export async function startLanguage(): Promise<void> {
  effect(() => {
    document.documentElement.lang = locale.value;
  });
  await ofPage.load();
}
