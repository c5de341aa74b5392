// A message that was called back: the composer of its conversation takes it up again.

import type { DraftContent } from '../api/inbox';

export const comeBack = $state<{ with: { conversation: string; content: DraftContent } | null }>({ with: null });
