// Whether there is room for a third part beside list and conversation.

const query = matchMedia('(min-width: 1280px)');

export const wide = $state({ now: query.matches });

query.addEventListener('change', () => (wide.now = query.matches));
