// Which page a path names. Pure: the browser's side is router.svelte.ts.

export type Match = { params: Record<string, string>; score: number };

/** `:name` takes one segment, `:name?` one or none. A literal segment beats a parameter. */
export function match(pattern: string, path: string): Match | null {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  if (given.length > wanted.length) return null;

  const params: Record<string, string> = {};
  let score = 0;
  for (const [at, part] of wanted.entries()) {
    const segment = given[at];
    if (part.startsWith(':')) {
      const optional = part.endsWith('?');
      if (segment === undefined) {
        if (optional) continue;
        return null;
      }
      params[part.slice(1, optional ? -1 : undefined)] = decode(segment);
    } else if (part === segment) {
      score += 1;
    } else {
      return null;
    }
  }
  return { params, score };
}

/** The best of several patterns. */
export function best<T extends { pattern: string }>(routes: T[], path: string) {
  let found: { route: T; match: Match } | null = null;
  for (const route of routes) {
    const result = match(route.pattern, path);
    if (result && (!found || result.score > found.match.score)) found = { route, match: result };
  }
  return found;
}

/** A stray `%` in an address must not take the page down. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
