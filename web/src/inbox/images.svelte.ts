// The senders whose remote images are always loaded, kept in this browser only: it is a matter of this reader's privacy.

const KEY = 'chancery.images-from';

let senders = $state.raw(new Set<string>(read()));

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

function keep(next: Set<string>) {
  senders = next;
  localStorage.setItem(KEY, JSON.stringify([...next]));
}

export const imagesFrom = {
  has: (address: string) => senders.has(address),
  always: (address: string) => keep(new Set([...senders, address])),
  never: (address: string) => keep(new Set([...senders].filter((one) => one !== address))),
};
