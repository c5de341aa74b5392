// Whether a link says where it leads. Pure.

/** The host of a web address, or of a text that reads as one (`www.example.com/pay`). */
function hostIn(text: string): string | null {
  const found = /^(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?::\d+)?(?:[/?#]\S*)?$/iu.exec(text.trim());
  return found?.[1]?.toLowerCase() ?? null;
}

/** The true host, when the link's words name another one. A subdomain of what is named is no lie. */
export function misleads(words: string, target: string): string | null {
  const named = hostIn(words);
  if (!named || !URL.canParse(target)) return null;
  const address = new URL(target);
  if (!/^https?:$/.test(address.protocol)) return null;
  const bare = (host: string) => host.replace(/^www\./, '');
  const [told, real] = [bare(named), bare(address.hostname.toLowerCase())];
  return real === told || real.endsWith(`.${told}`) ? null : address.hostname;
}
