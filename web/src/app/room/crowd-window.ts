/**
 * Which places of a grid are in sight, up to but not with the last, and in how many columns they stand. Whole rows: the
 * last one may have places where nobody stands yet.
 */
export interface Sight {
  columns: number;
  from: number;
  to: number;
}

/** Rows beyond either edge that are there before they are scrolled to. */
const beyond = 2;

/** The least width of a tile, and how many stand in a row on a phone. */
const least = 92;
const onPhone = 4;

/** What is in sight of a list of so many; the sight of before, if it is the same. */
export function inSight(list: HTMLElement, count: number, before: Sight): Sight {
  const { top, width, height } = list.getBoundingClientRect();
  const drawn = Math.ceil(count / before.columns); // rows, as the list was drawn with
  return windowOf({ top, width, row: drawn > 0 ? height / drawn : 0, screen: innerHeight, count }, before);
}

/** The same of numbers: where the list begins, how wide it is and how high a row, and how high the screen. */
export function windowOf(of: { top: number; width: number; row: number; screen: number; count: number }, before: Sight): Sight {
  const { top, width, row, screen, count } = of;
  if (row <= 0) return before;
  const columns = Math.max(onPhone, Math.floor(width / least));
  const rows = Math.ceil(count / columns);
  const first = Math.min(Math.max(Math.floor(-top / row) - beyond, 0), rows);
  const last = Math.min(Math.max(Math.ceil((screen - top) / row) + beyond, first), rows);
  const now = { columns, from: Math.min(first * columns, count), to: last * columns };
  return now.columns === before.columns && now.from === before.from && now.to === before.to ? before : now;
}

/** The places that are in the page: those in sight, and the one that Tab comes to. In their order. */
export function placesOf({ from, to }: Sight, stop: number, count: number): number[] {
  const end = Math.min(to, count);
  const places = Array.from({ length: Math.max(end - from, 0) }, (_, i) => from + i);
  const one = Math.min(stop, count - 1);
  if (one < 0 || (one >= from && one < end)) return places;
  return one < from ? [one, ...places] : [...places, one];
}
