// Every hostile sample of the mail crate is filed and opened: no script runs, nothing is asked of anybody; with images
// allowed, images are asked for and nothing else. The browser resolves no name, so nothing could leave the machine.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { letter } from '../letters.mjs';
import { inspect } from '../inspect.mjs';
import { watchRequests } from '../requests.mjs';
import { openTrap } from '../trap.mjs';

const SAMPLES = new URL('../../../crates/mail/tests/hostile/', import.meta.url);

export async function hostileSamples(stage) {
  const { page } = stage;
  const names = (await readdir(SAMPLES)).filter((name) => name.endsWith('.html')).sort();
  assert.notEqual(names.length, 0);
  const trap = await openTrap();
  const requests = watchRequests(page, stage.base);
  let withImages = 0;
  let images = 0;
  try {
    for (const name of names) {
      await stage.step(`hostile sample ${name}`, async () => {
        const html = aimed(await readFile(new URL(name, SAMPLES), 'utf8'), trap.address);
        await stage.visit(`/inbox/${await file(stage, name, html)}`);
        await page.getByRole('article').first().waitFor();
        await stage.settled();
        await harmless(page, name);
        assert.deepEqual(requests.foreign(), [], `${name} asked for something`);
        assert.deepEqual(trap.seen, [], `${name} reached the trap`);

        const show = page.getByRole('button', { name: 'Show images' });
        if ((await show.count()) > 0) {
          withImages += 1;
          await show.first().click();
          await page.waitForLoadState('networkidle');
          await stage.settled();
          await harmless(page, name);
          const others = requests.foreign().filter(({ kind }) => kind !== 'image');
          assert.deepEqual(others, [], `${name} asked for more than images`);
          images += trap.seen.length;
        }
        assert.equal(new URL(page.url()).origin, new URL(stage.base).origin);
        requests.forget();
        trap.seen.length = 0;
      });
    }
    await stage.look('hostile-sample');
    // Otherwise the watch saw nothing because it cannot see.
    assert.notEqual(images, 0);
    console.log(`           ${names.length} samples; ${withImages} of them asked for ${images} images once allowed`);
  } finally {
    requests.stop();
    trap.close();
  }
}

/** What they would reach becomes the trap, so that whatever gets through is seen; disguised addresses stay as they are. */
const aimed = (html, address) => html.replaceAll(/https?:\/\/[a-z0-9.-]+\.(?:com|net|org|test|invalid|example)(?::\d+)?/gi, address);

async function file(stage, name, html) {
  const subject = `Hostile ${name} ${stage.stamp}`;
  const id = `${name}-${stage.stamp}@phish.example.com`;
  await stage.handIn(letter({ from: `Trickster <${name}.${stage.stamp}@phish.example.com>`, subject, id, type: 'text/html; charset=utf-8', body: html }));
  for (let tries = 0; tries < 200; tries++) {
    const { data } = await stage.api('GET', '/v1/conversations?limit=20');
    const found = data.find((one) => one.subject === subject);
    if (found) return found.id;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`${name} was never filed`);
}

/** A sample of which nothing is left to show has no frame. */
async function harmless(page, name) {
  for (const frame of await page.locator('iframe[title^="Message from"]').all()) {
    const { dangerous, address } = await frame.contentFrame().locator('html').evaluate(inspect);
    assert.deepEqual(dangerous, [], name);
    assert.equal(address, 'about:srcdoc', name);
  }
}
