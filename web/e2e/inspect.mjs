// Looks into the frame of a mail for what could still do something.

/** Runs in the frame, so it names nothing outside itself. */
export function inspect(root) {
  const tags = 'script, iframe, object, embed, form, input, button, base, link, video, audio, meta[http-equiv=refresh i], svg, math';
  const dangerous = [...root.querySelectorAll(tags)].map((element) => element.outerHTML);
  for (const element of root.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      // A picture that is written out in its own address: as an image it runs nothing and loads nothing.
      if (element.tagName === 'IMG' && name === 'src' && /^\s*data:image\//i.test(value)) continue;
      if (/^on/i.test(name) || /^\s*(javascript|data|vbscript):/i.test(value)) dangerous.push(`${element.tagName} ${name}=${value}`);
    }
  }
  return { dangerous, address: root.ownerDocument.location.href };
}
