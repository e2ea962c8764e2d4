/** Languages that a room may be in: the commonest. A node's own people may well speak another. */
export const spoken = [
  "en", "fr", "ar", "bn", "ca", "cs", "da", "de", "el", "es", "fa", "fi", "he", "hi", "hu", "id", "it", "ja", "ko", "nl",
  "no", "pl", "pt", "ro", "ru", "sv", "sw", "ta", "th", "tr", "uk", "ur", "vi", "zh",
] as const;
