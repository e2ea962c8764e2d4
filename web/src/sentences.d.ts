// The parts of reason/sentences.json, one a language: see vite.config.ts. Their type is Sentences of the SDK.
declare module "virtual:sentences/sentences.en" {
  const sentences: unknown;
  export default sentences;
}
declare module "virtual:sentences/sentences.fr" {
  const sentences: unknown;
  export default sentences;
}
