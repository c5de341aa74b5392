// All views there are at present: the standing ones, one per team, and those that were saved.

import { counts, COUNTED } from '../frame/counts.svelte';
import { directory } from '../frame/directory.svelte';
import { short } from '../parts/words';
import { firstView, savedView, searchView, teamView, viewNamed, views, type View } from './views';

export const allViews = (): View[] => [...views, ...directory.teams.map(teamView), ...directory.views.map(savedView)];

/** The view that an address names. A team or saved view may not be loaded yet, and is asked for all the same. */
export function viewAt(query: URLSearchParams): View {
  const q = query.get('q')?.trim();
  if (q) return searchView(q);
  const id = query.get('view');
  const standing = viewNamed(id);
  if (standing) return standing;
  const team = directory.teams.find((one) => one.id === id);
  if (team || id?.startsWith('tem_')) return teamView(team ?? { id: id ?? '', name: 'Team' });
  const saved = directory.views.find((one) => one.id === id);
  return saved ? savedView(saved) : firstView;
}

/** How much waits in a view, as it is written beside its name. */
export function numberIn(view: View): string | number {
  if (view.id === 'look') return counts.needsLook >= COUNTED ? `${COUNTED}+` : counts.needsLook;
  return short((counts.now && view.count(counts.now)) ?? 0);
}
