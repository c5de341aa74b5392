// The pages of the rail, in order, with the keys that go there.

import Inbox from '@lucide/svelte/icons/inbox';
import Journal from '@lucide/svelte/icons/notebook-text';
import Channels from '@lucide/svelte/icons/radio-tower';
import Settings from '@lucide/svelte/icons/settings';
import Audit from '@lucide/svelte/icons/shield-check';
import Contacts from '@lucide/svelte/icons/users';
import type { Component } from 'svelte';
import type { Permission } from '../api/types';

/** `rare`: a phone has no room for it in its bar; searching finds it. */
type Entry = Place & { icon: Component<{ size?: number }>; rare?: boolean };
/** A page that the rail has no room for: searching finds it, and its keys go there. */
type Place = { path: string; name: string; key: string; needs?: Permission };

export const menu: Entry[] = [
  { path: '/inbox', name: 'Inbox', icon: Inbox, key: 'g i', needs: 'conversations:read' },
  { path: '/contacts', name: 'Contacts', icon: Contacts, key: 'g p', needs: 'contacts:read' },
  { path: '/channels', name: 'Channels', icon: Channels, key: 'g c', needs: 'channels:read' },
  { path: '/journal', name: 'Journal', icon: Journal, key: 'g j', needs: 'journal:read', rare: true },
  { path: '/audit', name: 'Audit', icon: Audit, key: 'g a', needs: 'audit:read', rare: true },
  { path: '/settings', name: 'Settings', icon: Settings, key: 'g s' },
];

export const furtherPlaces: Place[] = [
  { path: '/contacts/suppression', name: 'Suppression list', key: 'g x', needs: 'contacts:read' },
  { path: '/settings/webhooks', name: 'Webhooks', key: 'g w', needs: 'settings:write' },
];
