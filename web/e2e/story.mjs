// One day at the desk, against a real server: sign in, add a channel, write, reply, resolve, look everywhere.
//
//   npm run e2e -- --base http://127.0.0.1:8080 --link http://127.0.0.1:8080/sign-in/link?token=… --out /tmp/story
//
// Instead of --link: --email and --password.
//
// Saves a screenshot of every page (light, dark, phone) and summary.json. Ends with 1 after any failure, console error
// or accessibility violation.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowser, violations } from './browser.mjs';

const { values: options } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://127.0.0.1:8080' },
    link: { type: 'string' },
    email: { type: 'string' },
    password: { type: 'string' },
    out: { type: 'string', default: 'story' },
    browser: { type: 'string', default: '/usr/bin/chromium' },
    provider: { type: 'string', default: 'console' },
  },
});
const base = options.base.replace(/\/$/, '');
const stamp = new Date().toISOString().replace(/\D/g, '').slice(4, 14);
const channelName = `Story ${stamp}`;
const subject = `Where is order ${stamp}?`;
const sentWord = /\b(Sent|Delivered|Read)\b/;

await mkdir(options.out, { recursive: true });
const { page, complaints, close } = await openBrowser(options.browser);
page.setDefaultTimeout(10_000);
const steps = [];
const problems = [];
let failed = null;

async function step(name, act) {
  const started = performance.now();
  await act();
  const milliseconds = Math.round(performance.now() - started);
  steps.push({ name, milliseconds });
  console.log(`${String(milliseconds).padStart(6)} ms  ${name}`);
}

/** Screenshots and axe, in the three looks that must hold. */
async function look(name) {
  const looks = [
    { look: 'light', colorScheme: 'light', size: { width: 1360, height: 850 } },
    { look: 'dark', colorScheme: 'dark', size: { width: 1360, height: 850 } },
    { look: 'phone', colorScheme: 'light', size: { width: 375, height: 740 } },
  ];
  for (const one of looks) {
    await page.emulateMedia({ colorScheme: one.colorScheme });
    await page.setViewportSize(one.size);
    await page.waitForTimeout(150);
    await page.screenshot({ path: join(options.out, `${name}-${one.look}.png`) });
    for (const violation of await violations(page)) problems.push(`${name} ${one.look}: ${violation}`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (width > 1) problems.push(`${name} ${one.look}: ${width} px too wide`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(looks[0].size);
}

const visit = async (path) => {
  await page.goto(`${base}/app${path}`);
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  await page.waitForTimeout(300);
};
const delivery = () => page.getByRole('button', { name: /^Delivery:/ }).last();
const waitForSent = () => delivery().filter({ hasText: sentWord }).waitFor();

try {
  if (options.link) {
    await step('sign in by the link', async () => {
      await page.goto(options.link);
      await page.getByRole('button').click();
      await page.waitForURL(/\/app\//);
    });
  }
  if (options.email) {
    await step('sign in with a password', async () => {
      await page.goto(`${base}/sign-in`);
      await page.getByLabel('Email address').fill(options.email);
      await page.getByLabel('Password').fill(options.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(/\/app\//);
    });
  }
  await step('the inbox shows', async () => {
    await visit('/inbox');
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  });
  await look('inbox');

  await step('the channels show', async () => {
    await page.getByRole('link', { name: 'Channels', exact: true }).click();
    await page.getByRole('heading', { name: 'Channels', exact: true }).waitFor();
  });
  await step('a provider is picked', async () => {
    await page.getByRole('link', { name: 'Add channel' }).click();
    await page.getByRole('list', { name: 'Providers' }).waitFor();
    await look('providers');
    await page.locator(`a[href$="/channels/new/${options.provider}"]`).click();
    await page.getByRole('form', { name: 'Channel' }).waitFor();
    await look('add-channel');
  });
  await step('the channel is added', async () => {
    await page.getByLabel('Name', { exact: true }).fill(channelName);
    await page.getByLabel('Sender address').fill('support@example.com');
    await page.getByRole('button', { name: 'Add channel' }).click();
    await page.getByRole('article', { name: channelName }).waitFor();
  });
  await step('the channel is checked', async () => {
    const card = page.getByRole('article', { name: channelName });
    await card.getByRole('button', { name: 'Check' }).click();
    await card.getByText('Everything worked.').waitFor();
  });
  await look('channels');

  await step('a message is written and sent', async () => {
    await page.getByRole('link', { name: 'Inbox' }).click();
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await page.keyboard.press('c');
    const dialog = page.getByRole('dialog', { name: 'New message' });
    await dialog.getByLabel('To').fill(`jane.${stamp}@example.com`);
    const from = dialog.getByLabel('From');
    if (await from.count()) await from.selectOption({ label: `${channelName} (support@example.com)` });
    await dialog.getByLabel('Subject').fill(subject);
    await dialog.getByLabel('Text').fill('Hello Jane,\n\nyour order is on its way: https://example.com/track\n\nKind regards');
    await dialog.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('heading', { name: subject }).waitFor();
  });
  await step('its state becomes sent, without a reload', waitForSent);
  await step('the conversation is opened from the list', async () => {
    await page.keyboard.press('Escape');
    await page.getByRole('list', { name: 'Conversations' }).getByRole('link').filter({ hasText: subject }).click();
    await page.getByRole('article').first().waitFor();
  });
  await step('a reply is sent with Ctrl+Enter and becomes sent', async () => {
    const before = await page.getByRole('button', { name: /^Delivery:/ }).count();
    await page.keyboard.press('r');
    await page.keyboard.type(`One more thing: order ${stamp} arrives tomorrow.`);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: /^Delivery:/ }).nth(before).waitFor();
    await waitForSent();
  });
  await look('conversation');
  await step('the delivery timeline shows the attempt', async () => {
    await delivery().click();
    await page.getByRole('dialog', { name: 'Delivery' }).getByText('Taken by the provider').waitFor();
    await look('delivery');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Delivery' }).waitFor({ state: 'detached' });
  });
  await step('the conversation is resolved', async () => {
    await page.getByRole('button', { name: 'Resolve', exact: true }).click();
    await page.getByText('Conversation resolved.').waitFor();
  });
  await step('it is among the resolved', async () => {
    await visit('/inbox?view=resolved');
    await page.getByRole('list', { name: 'Conversations' }).getByRole('link').filter({ hasText: subject }).waitFor();
  });
  await step('the palette finds the person', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type(`jane.${stamp}`);
    await page.getByRole('option').filter({ hasText: `jane.${stamp}` }).first().waitFor();
    await look('palette');
    await page.keyboard.press('Escape');
  });
  await step('the keys are listed', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await look('keys');
    await page.keyboard.press('Escape');
  });

  const pages = [
    ['/inbox?view=look', 'needs-a-look', 'Inbox'],
    ['/contacts', 'contacts', 'Contacts'],
    ['/journal', 'journal', 'Journal'],
    ['/audit', 'audit', 'Audit'],
    ['/settings', 'settings', 'Settings'],
    ['/settings/people', 'people', 'Settings'],
    ['/settings/keys', 'keys-of-programs', 'Settings'],
  ];
  for (const [path, name, heading] of pages) {
    await step(`${path} shows`, async () => {
      await visit(path);
      await page.getByRole('heading', { name: heading, exact: true }).waitFor();
    });
    await look(name);
  }
  await step('the audit chain is whole', async () => {
    await visit('/audit');
    await page.getByRole('button', { name: 'Verify chain' }).click();
    await page.getByText('The chain is whole').waitFor();
  });
  await step('the channel is deleted', async () => {
    await visit('/channels');
    await page.getByRole('article', { name: channelName }).getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('article', { name: channelName }).waitFor({ state: 'detached' });
  });
} catch (error) {
  failed = error;
  await page.screenshot({ path: join(options.out, 'failure.png') }).catch(() => {});
} finally {
  await close();
}

problems.push(...complaints);
await writeFile(join(options.out, 'summary.json'), JSON.stringify({ steps, problems, failed: failed?.message ?? null }, null, 2));
for (const problem of problems) console.error(`problem: ${problem}`);
if (failed) console.error(`stopped after "${steps.at(-1)?.name ?? 'nothing'}": ${failed.message}`);
console.log(failed || problems.length > 0 ? `FAILED, see ${options.out}` : `${steps.length} steps, no problems, see ${options.out}`);
process.exitCode = failed || problems.length > 0 ? 1 : 0;
