// The address of a conversation, beside the list that is on screen.

import { place, withQuery } from '../router/router.svelte';

/** The view or search stays; what was pointed at in another conversation does not. */
export const toConversation = (id: string): string =>
  place.path.startsWith('/inbox') ? withQuery({ message: null, entry: null }, `/inbox/${id}`) : `/inbox/${id}`;
