const floor = -60; // dB below full scale: what quiet rooms are

/** How loud a linear level (0 to 1) seems, 0 to 1: speech fills the upper half instead of the lowest tenth. */
export function loudness(level: number): number {
  if (level <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(level)) / floor));
}
