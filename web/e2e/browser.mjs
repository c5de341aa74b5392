// A headless Chromium of its own, with a profile that is thrown away, and axe for every page it shows.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const quiet = ['no-first-run', 'disable-background-networking', 'disable-component-update', 'disable-sync', 'disable-quic'];

/**
 * What is no fault: the message frames' own policy refusing a tracker, a form that the server refused with a reason that is
 * shown, and an image whose name does not resolve here.
 */
const EXPECTED = /Content Security Policy directive: "img-src|status of (409|422)|net::ERR_NAME_NOT_RESOLVED/;

export async function openBrowser(executablePath) {
  const profile = await mkdtemp(join(tmpdir(), 'story-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    // No name is resolved: whatever a mail gets through could still not leave the machine.
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost', '--disable-gpu', ...quiet.map((flag) => `--${flag}`)],
    viewport: { width: 1360, height: 850 },
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints = [];
  page.on('console', (line) => {
    if (line.type() === 'error' && !EXPECTED.test(line.text())) complaints.push(`console: ${line.text()} (${page.url()})`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message} (${page.url()})`));
  page.on('dialog', (dialog) => {
    complaints.push(`a script said: ${dialog.message()} (${page.url()})`);
    void dialog.dismiss();
  });
  context.on('page', (other) => complaints.push(`another window was opened: ${other.url()}`));
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { page, complaints, close };
}

export async function violations(page) {
  await page.evaluate(await readFile(axeFile, 'utf8'));
  return page.evaluate(async (rules) => {
    const { violations } = await globalThis.axe.run(document, { runOnly: rules });
    return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`);
  }, RULES);
}
