/** What this browser keeps under a name across visits; null if it keeps nothing, or what is there is not the page's. */
export function stored(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`stoa.${name}`) ?? "null");
  } catch {
    return null;
  }
}

/** Keeps a value under a name, or with null nothing. In a browser that keeps nothing it is lost with the page. */
export function store(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(`stoa.${name}`);
    else localStorage.setItem(`stoa.${name}`, JSON.stringify(value));
  } catch {
    // Nothing else depends on it.
  }
}
