const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:(?:Headless)?Chrome|CriOS|Chromium)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

const systems: readonly (readonly [RegExp, string])[] = [
  [/\b(?:iPhone|iPad|iPod)\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/** What somebody sees of a browser among their sessions: its family and its system, and no more of what it says. */
export function programOf(userAgent: string): string {
  const first = (of: typeof browsers) => of.find(([pattern]) => pattern.test(userAgent))?.[1];
  return [first(browsers) ?? "Browser", first(systems)].filter((part) => part !== undefined).join(", ");
}

/** Where a browser keeps what a page may do: all of iOS in one place, Safari of macOS in another, most beside the address. */
export function permissionsOf(userAgent: string): "iOS" | "Safari" | "other" {
  const program = programOf(userAgent);
  if (program.endsWith("iOS")) return "iOS"; // whatever the browser is called
  return program.startsWith("Safari") ? "Safari" : "other";
}
