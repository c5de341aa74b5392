// Where the thing an audit entry is about can be looked at. Pure.

const pages: Record<string, (id: string) => string> = {
  cnv: (id) => `/inbox/${id}`,
  con: (id) => `/contacts/${id}`,
  acc: (id) => `/channels/${id}`,
  mbx: (id) => `/channels/mailboxes/${id}`,
  jrn: (id) => `/journal/${id}`,
  usr: () => '/settings/people',
  tem: () => '/settings/teams',
  tag: () => '/settings/tags',
  cnd: () => '/settings/canned',
  viw: () => '/settings/views',
  key: () => '/settings/keys',
};

/** Nothing for what has no page of its own. */
export function pageOf(subject: string | null): string | null {
  const kind = subject?.split('_')[0] ?? '';
  return subject && Object.hasOwn(pages, kind) ? (pages[kind]?.(subject) ?? null) : null;
}
