// Who is signed in and what they may do. The server decides again on each call; this only hides what it would refuse.

import { me as askMe } from '../api/calls';
import { useCsrfToken } from '../api/client';
import type { Me, Permission } from '../api/types';

const account = $state<{ me: Me | null }>({ me: null });

export async function loadAccount() {
  const me = await askMe();
  useCsrfToken(me.csrf_token ?? '');
  account.me = me;
}

/** Only pages call this, and pages are drawn after the account was loaded. */
export function me(): Me {
  if (!account.me) throw new Error('a page was drawn before the account was loaded');
  return account.me;
}

export function can(permission: Permission | 'inbox:configure'): boolean {
  return me().permissions.some((one) => one === permission);
}
