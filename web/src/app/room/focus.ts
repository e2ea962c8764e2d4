const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Brings a part of the room into view and puts the focus there. */
export function goTo(id: "audience" | "hands"): void {
  const part = document.getElementById(id);
  part?.scrollIntoView({ block: "start", behavior: still.matches ? "instant" : "smooth" });
  part?.focus({ preventScroll: true });
}
