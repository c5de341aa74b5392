// A mail that tries everything is shown; nothing in it runs, and nothing is asked of its servers before "Show images".

import assert from 'node:assert/strict';
import { inspect } from '../inspect.mjs';
import { hostile } from '../letters.mjs';
import { openTrap } from '../trap.mjs';

/** All that a mail may load, and only once the reader asked for images. */
const IMAGES = /^\/(pixel|srcset|inline|css|svg|poster)\.png$/;

export async function hostileMail(stage) {
  const { page, stamp } = stage;
  const trap = await openTrap();
  const mail = hostile(stamp, trap.address);
  try {
    await stage.step('a hostile mail is shown, and nothing in it runs or loads', async () => {
      await stage.visit('/inbox');
      await stage.handIn(mail);
      await stage.row(mail.subject).click();
      const frame = page.frameLocator('iframe[title^="Message from"]');
      await frame.getByText('Dear customer, please confirm your account.').waitFor();
      await stage.settled();
      const { dangerous, address } = await frame.locator('html').evaluate(inspect);
      assert.deepEqual(dangerous, []);
      assert.equal(address, 'about:srcdoc');
    });
    await stage.look('hostile');
    await stage.step('its images load when asked for, and nothing else', async () => {
      assert.deepEqual(trap.seen, []);
      const pixel = trap.next('/pixel.png');
      await page.getByRole('button', { name: 'Show images' }).click();
      await pixel;
      await stage.settled();
      assert.deepEqual(trap.seen.filter((path) => !IMAGES.test(path)), []);
    });
    await stage.step('the page around it is untouched', async () => {
      assert.match(page.url(), /\/app\/inbox\//);
      await page.getByRole('heading', { name: mail.subject }).waitFor();
      await page.getByRole('button', { name: 'Resolve', exact: true }).click({ trial: true });
    });
  } finally {
    trap.close();
  }
}
