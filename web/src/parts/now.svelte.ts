// The present minute, so that ages on screen move on by themselves.

export const now = $state({ at: new Date() });

setInterval(() => (now.at = new Date()), 30_000);
