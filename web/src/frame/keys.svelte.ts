// The keys of the page on screen: pages register them, `?` lists them, the palette offers them as verbs.

import { untrack } from 'svelte';

export type Key = {
  /** As typed: `j`, `Enter`, `mod+k`, `mod+shift+Enter`, or two in a row: `g i`. Nothing: only the palette has it. */
  key: string;
  does: string;
  act: () => void;
  /** Also offered in the command palette. */
  verb?: boolean;
  /** Also works while typing in a field. */
  whileTyping?: boolean;
};

type Group = { title: string; keys: () => Key[]; order: number };

/** Outermost first. Components start parents first but mount children first, so the order is taken at the start. */
let groups = $state.raw<Group[]>([]);
let order = 0;

/** What the key beside the space bar is called here. */
export const modName = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';

let pending = '';
let pendingUntil = 0;

export function activeGroups(): { title: string; keys: Key[] }[] {
  // Several parts of a page may add to one group.
  const named = new Map<string, Key[]>();
  for (const { title, keys } of groups) named.set(title, [...(named.get(title) ?? []), ...keys()]);
  return [...named].map(([title, keys]) => ({ title, keys })).filter((group) => group.keys.length > 0);
}

/** Call while a component starts; the keys leave with it. */
export function useKeys(title: string, keys: () => Key[]) {
  const group = { title, keys, order: order++ };
  $effect(() => {
    untrack(() => (groups = [...groups, group].sort((a, b) => a.order - b.order)));
    return () => (groups = groups.filter((other) => other !== group));
  });
}

export function pressed(event: KeyboardEvent, now: number) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const typing = isTyping(event.target);
  const name = nameOf(event);
  const both = now < pendingUntil ? `${pending} ${name}` : '';
  // `g c` is one key, not a `c` after a `g`; and the group registered last is the innermost one on screen.
  const keys = [...groups].reverse().flatMap((group) => group.keys());
  const found = [both, name]
    .flatMap((wanted) => keys.filter((key) => key.key !== '' && key.key === wanted && (!typing || key.whileTyping)))
    .find((key) => allowed(event, key));
  if (found) {
    event.preventDefault();
    pendingUntil = 0;
    found.act();
    return;
  }
  if (!typing && name.length === 1) {
    pending = name;
    pendingUntil = now + 1000;
  }
}

/** Enter and Space belong to the button or link that has the focus; dialogs keep every key but the palette's. */
function allowed(event: KeyboardEvent, key: Key): boolean {
  const target = event.target as Element;
  if (key.key.startsWith('mod+')) return true;
  if (document.querySelector('[role="dialog"]') || target.closest?.('[role="menu"]')) return false;
  return !(event.key === 'Enter' && target.closest?.('a, button, summary'));
}

function nameOf(event: KeyboardEvent): string {
  const mod = event.ctrlKey || event.metaKey ? 'mod+' : '';
  // A capital letter says by itself that shift was held.
  const shift = event.shiftKey && (mod || event.key.length > 1) ? 'shift+' : '';
  return mod + shift + (event.key.length === 1 && mod ? event.key.toLowerCase() : event.key);
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]');
}
