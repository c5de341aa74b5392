// Makes the document of a received message's frame: its own strict policy, no scripts, remote images only when asked.

import type { Message } from '../api/types';
import { misleads } from './truth';

type Look = { origin: string; remoteImages: boolean; dark: boolean };

export function documentOf(message: Pick<Message, 'id' | 'html' | 'attachments'>, look: Look): string {
  const html = withAttachments(message.html ?? '', message, look.origin);
  const files = `${look.origin}/v1/messages/${message.id}/attachments/`;
  const images = look.remoteImages ? `data: ${files} https: http:` : `data: ${files}`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src ${images}; form-action 'none'; base-uri 'none'`;
  // Mail that brings its own colours was made for white paper; the rest may follow the dashboard.
  const paper = !look.dark || bringsColours(html);
  const colours = paper ? '#1b1b1a; --link: #2a4db5; background: #fff' : '#ececee; --link: #a8bdff; background: #19191d';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer"><title>Message</title>
<style>
html { color-scheme: ${paper ? 'light' : 'dark'}; color: ${colours}; overflow-y: hidden; }
body { margin: 0; padding: ${look.dark && paper ? '12px' : '1px'}; font: 14px/20px system-ui, sans-serif; overflow-wrap: anywhere; }
p { margin: 0 0 10px; } img { max-width: 100%; height: auto; } img:not([src]) { display: none; } table { max-width: 100%; } pre { white-space: pre-wrap; }
a { color: var(--link); }
blockquote { margin: 6px 0; padding-left: 12px; border-left: 2px solid #8b8b84; }
.true-target { display: inline-block; padding: 0 6px; border: 1px solid currentColor; border-radius: 4px; font-size: 12px; font-weight: 600; color: ${paper ? '#b3261e' : '#ff9a90'}; }
summary { width: fit-content; padding: 0 8px; border-radius: 6px; cursor: pointer; font-size: 12px; opacity: .8; }
</style></head><body dir="auto">${html}</body></html>`;
}

/** `cid:` names a part of the same message; the server has it under its own address. */
function withAttachments(html: string, message: Pick<Message, 'attachments'>, origin: string): string {
  return html.replaceAll(/(["'(])cid:([^"')\s>]+)/gi, (whole, before: string, id: string) => {
    const wanted = bare(decode(id));
    const found = message.attachments.find((attachment) => attachment.content_id && bare(attachment.content_id) === wanted);
    return found ? `${before}${new URL(found.url, origin).href}` : whole;
  });
}

export function bringsColours(html: string): boolean {
  return /(?:\bbgcolor\s*=|\bcolor\s*[:=]|\bbackground(?:-color)?\s*[:=])/i.test(html);
}

/** Folds quotes and names the true targets of links that say another; gives remote images the address that the server
 * has put aside as `data-src`, if asked. `quoted`: the part that the server knows to be quoted. */
export function tidied(html: string, remoteImages: boolean, quoted: string | null = null): string {
  const [said, rest] = apart(html, quoted);
  const parsed = new DOMParser().parseFromString(said, 'text/html');
  if (rest) fold(parsed, parsed.body.appendChild(parsed.createElement('div')), rest);
  else foldQuotes(parsed);
  for (const image of remoteImages ? parsed.querySelectorAll('img[data-src]') : []) {
    image.setAttribute('src', image.getAttribute('data-src') ?? '');
  }
  for (const link of parsed.querySelectorAll('a[href]')) nameTarget(parsed, link);
  return parsed.body.innerHTML;
}

/** The server may give the quoted part besides the whole, or instead of it. */
function apart(html: string, quoted: string | null): [string, string | null] {
  if (!quoted?.trim()) return [html, null];
  const at = html.lastIndexOf(quoted);
  if (at < 0) return [html, quoted];
  const said = html.slice(0, at) + html.slice(at + quoted.length);
  return said.replace(/<[^>]*>|&nbsp;|\s/g, '') === '' && !/<img/i.test(said) ? [html, null] : [said, quoted];
}

/** Folds the outermost quotes. Not those of a message that is nothing but a quote. */
function foldQuotes(parsed: Document) {
  const quotes = [...parsed.querySelectorAll('blockquote')].filter((quote) => !quote.parentElement?.closest('blockquote'));
  const quotedLength = quotes.reduce((sum, quote) => sum + (quote.textContent?.trim().length ?? 0), 0);
  if (quotes.length === 0 || (parsed.body.textContent?.trim().length ?? 0) - quotedLength < 2) return;
  for (const quote of quotes) fold(parsed, quote);
}

/** Puts an element, or some HTML in its place, behind a word to open it. */
function fold(parsed: Document, element: Element, html?: string) {
  const details = parsed.createElement('details');
  const summary = parsed.createElement('summary');
  summary.textContent = 'Quoted text';
  element.replaceWith(details);
  if (html !== undefined) element.innerHTML = html;
  details.append(summary, element);
}

/** Every link opens beside the dashboard. One whose words are another address gets its true host written behind it. */
function nameTarget(parsed: Document, link: Element) {
  const target = link.getAttribute('href') ?? '';
  link.setAttribute('target', '_blank');
  link.setAttribute('rel', 'noopener noreferrer');
  const host = misleads(link.textContent ?? '', target);
  if (!host) return;
  const flag = parsed.createElement('span');
  flag.className = 'true-target';
  flag.textContent = `leads to ${host}`;
  link.after(' ', flag);
}

const bare = (id: string) => id.replace(/^<|>$/g, '');

function decode(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
