// Mail comes in: it appears by itself, strangers wait in the tray, what is broken says so, every script is readable.

import { broken, faraway, question, strangers } from '../letters.mjs';

export async function receiving(stage) {
  const { page, stamp } = stage;
  const asked = question(stamp);
  const claim = strangers(stamp, asked);

  await stage.step('new mail appears without a reload', async () => {
    await stage.visit('/inbox');
    await stage.handIn(asked);
    await stage.row(asked.subject).waitFor();
  });
  await stage.step('a stranger who answers it waits in the tray', async () => {
    await stage.handIn(claim);
    await stage.visit('/inbox?view=tray');
    await stage.row('Marc Stranger').click();
    await page.getByText('Does this belong here?').waitFor();
    await page.getByRole('link', { name: `“${asked.subject}” with Nora Quist` }).waitFor();
    await page.getByText('Nora is my sister.').first().waitFor();
  });
  await stage.look('tray');
  await stage.step('it is moved to where it belongs', async () => {
    await page.getByRole('button', { name: 'Yes, move it there' }).click();
    await page.getByRole('heading', { name: asked.subject, exact: true }).waitFor();
    await page.getByRole('article', { name: /Message from Nora Quist/ }).waitFor();
    await page.getByRole('article', { name: /Message from Marc Stranger/ }).waitFor();
    await page.getByText('Does this belong here?').waitFor({ state: 'detached' });
  });
  await stage.look('conversation-of-two');

  const letters = [
    { mail: broken(stamp), name: 'broken', shows: 'What can be read of this is shown.' },
    { mail: faraway(stamp), name: 'faraway', shows: 'お世話になっております' },
  ];
  for (const { mail, name, shows } of letters) {
    await stage.step(`a ${name} mail is readable`, async () => {
      await stage.visit('/inbox');
      await stage.handIn(mail);
      await stage.row(stamp).filter({ hasText: mail.subject.slice(0, 20) }).click();
      await page.getByRole('article').getByText(shows).waitFor();
      if (name === 'broken') await page.getByText('The message does not say who sent it.').waitFor();
    });
    await stage.look(name);
  }
}
