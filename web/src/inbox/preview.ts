// Which files can be looked at here. Pure. What the type says may be wrong, so nothing that could run is shown.

type File = { content_type: string; filename?: string | null; size?: number };
export type Kind = 'image' | 'pdf' | 'text';

const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'];
const TEXTS = ['text/plain', 'text/csv', 'text/markdown', 'text/calendar', 'text/x-log', 'application/json', 'application/xml', 'text/xml'];
/** More than this is for an editor. */
const LONGEST_TEXT = 512_000;

export function kindOf({ content_type, size = 0 }: File): Kind | null {
  const type = content_type.split(';')[0]?.trim().toLowerCase() ?? '';
  if (IMAGES.includes(type)) return 'image';
  if (type === 'application/pdf') return 'pdf';
  return TEXTS.includes(type) && size <= LONGEST_TEXT ? 'text' : null;
}
