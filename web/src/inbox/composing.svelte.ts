// Whether the dialog for a new message is open, and to whom.

export const composing = $state({ open: false, to: '' });

export function writeTo(address: string) {
  composing.to = address;
  composing.open = true;
}
