// Where we are and how we go elsewhere, over the history API. Paths here have no `/app`.

const BASE = '/app';

function here() {
  const path = location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length) : '/';
  return { path: path.replace(/\/+$/, '') || '/', query: new URLSearchParams(location.search) };
}

export const place = $state(here());

export const href = (to: string) => BASE + to;

export function go(to: string, how: { replace?: boolean } = {}) {
  if (how.replace) history.replaceState(null, '', href(to));
  else history.pushState(null, '', href(to));
  Object.assign(place, here());
}

/** The present path with some query parameters changed; `null` takes one away. */
export function withQuery(changes: Record<string, string | null>, path = place.path): string {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export function startRouter() {
  addEventListener('popstate', () => Object.assign(place, here()));
  document.addEventListener('click', (click) => {
    const link = (click.target as Element).closest?.('a');
    const modified = click.metaKey || click.ctrlKey || click.shiftKey || click.altKey || click.button !== 0;
    if (!link || modified || click.defaultPrevented || link.target || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || !link.pathname.startsWith(`${BASE}/`)) return;
    if (link.hash && link.pathname === location.pathname) return;
    click.preventDefault();
    go(link.pathname.slice(BASE.length) + link.search);
  });
}
