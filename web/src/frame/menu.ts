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
type Entry = { path: string; name: string; icon: Component<{ size?: number }>; key: string; needs?: Permission; rare?: boolean };

export const menu: Entry[] = [
  { path: '/inbox', name: 'Inbox', icon: Inbox, key: 'g i', needs: 'conversations:read' },
  { path: '/contacts', name: 'Contacts', icon: Contacts, key: 'g p', needs: 'contacts:read' },
  { path: '/channels', name: 'Channels', icon: Channels, key: 'g c', needs: 'channels:read' },
  { path: '/journal', name: 'Journal', icon: Journal, key: 'g j', needs: 'journal:read', rare: true },
  { path: '/audit', name: 'Audit', icon: Audit, key: 'g a', needs: 'audit:read', rare: true },
  { path: '/settings', name: 'Settings', icon: Settings, key: 'g s' },
];
