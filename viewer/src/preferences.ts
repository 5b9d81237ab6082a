// What this browser remembers of how a person likes the page: theme, keys, order of lanes. Nothing of the case itself.

const PREFIX = "recount ";

export function kept<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    // Storage may be forbidden or hold nonsense: the page works without.
    return otherwise;
  }
}

export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // As above.
  }
}
