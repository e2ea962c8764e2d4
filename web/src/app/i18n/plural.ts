/** The forms of a sentence that counts. "#" stands for the number, written as the language writes it. */
export interface Forms {
  one: string;
  other: string;
}

/** Writes numbers as a language does. */
export function numbers(locale: string): (n: number) => string {
  const format = new Intl.NumberFormat(locale);
  return (n) => format.format(n);
}

/** Makes the counter of one language: `count(2, { one: "# invite", other: "# invites" })` is "2 invites". */
export function counter(locale: string): (n: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale);
  const write = numbers(locale);
  return (n, forms) => (rules.select(n) === "one" ? forms.one : forms.other).replace("#", write(n));
}
