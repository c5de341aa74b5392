// One day at the desk, against a real server: sign in, add a channel, write, reply, resolve, receive, look everywhere.
//
//   npm run e2e -- --base http://127.0.0.1:8080 --link http://127.0.0.1:8080/sign-in/link?token=… --out /tmp/story
//
// Instead of --link: --email and --password. --only contacts,house plays only these chapters.
//
// Saves a screenshot of every page (light, dark, phone) and summary.json. Ends with 1 after any failure, console error
// or accessibility violation.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowser } from './browser.mjs';
import { agentsDay } from './chapters/agentsDay.mjs';
import { channels } from './chapters/channels.mjs';
import { channelsFailover } from './chapters/channelsFailover.mjs';
import { contacts } from './chapters/contacts.mjs';
import { dialogs } from './chapters/dialogs.mjs';
import { everyPage } from './chapters/everyPage.mjs';
import { hostileMail } from './chapters/hostileMail.mjs';
import { hostileSamples } from './chapters/hostileSamples.mjs';
import { house } from './chapters/house.mjs';
import { keysOnly } from './chapters/keysOnly.mjs';
import { longConversation } from './chapters/longConversation.mjs';
import { mailboxes } from './chapters/mailboxes.mjs';
import { notified } from './chapters/notified.mjs';
import { receiving } from './chapters/receiving.mjs';
import { sending } from './chapters/sending.mjs';
import { signIn } from './chapters/signIn.mjs';
import { suppression } from './chapters/suppression.mjs';
import { trouble } from './chapters/trouble.mjs';
import { webhooks } from './chapters/webhooks.mjs';
import { writing } from './chapters/writing.mjs';
import { Stage } from './stage.mjs';

const { values: options } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://127.0.0.1:8080' },
    link: { type: 'string' },
    email: { type: 'string' },
    password: { type: 'string' },
    out: { type: 'string', default: 'story' },
    browser: { type: 'string', default: '/usr/bin/chromium' },
    only: { type: 'string' },
    provider: { type: 'string', default: 'console' },
  },
});

/** Signing in comes first, whatever else is left out. */
const chapters = [
  ...[sending, receiving, hostileMail, hostileSamples, keysOnly, agentsDay, writing, longConversation],
  ...[channels, channelsFailover, contacts, suppression, webhooks, mailboxes],
  ...[house, notified, trouble, dialogs, everyPage],
];

await mkdir(options.out, { recursive: true });
const { page, complaints, close } = await openBrowser(options.browser);
page.setDefaultTimeout(20_000);
const stage = new Stage(page, options);
const { steps, problems } = stage;
let failed = null;

try {
  const wanted = options.only?.split(',');
  for (const chapter of [signIn, ...chapters]) if (chapter === signIn || !wanted || wanted.includes(chapter.name)) await chapter(stage);
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
