// What is written is never lost: drafts across reloads and windows, files, what comes in between, later, and forwards.

import { needEmailAccount } from './keysOnly.mjs';
import { letter } from '../letters.mjs';

export async function writing(stage) {
  const { page, stamp } = stage;
  const asked = letter({
    from: `Ida Writer <ida.${stamp}@mail.example.com>`,
    subject: `Cake for Friday ${stamp}`,
    id: `cake-${stamp}@mail.example.com`,
    headers: [`Cc: Bob Baker <bob.${stamp}@mail.example.com>`],
    body: 'Hello,\r\n\r\ncan you make a cake for Friday?\r\n\r\nIda',
  });
  const more = letter({
    from: `Ida Writer <ida.${stamp}@mail.example.com>`,
    subject: `Re: Cake for Friday ${stamp}`,
    id: `cake-more-${stamp}@mail.example.com`,
    headers: [`In-Reply-To: <${asked.id}>`, `References: <${asked.id}>`],
    body: 'Wait: for Saturday.',
  });
  const area = page.getByRole('form', { name: 'Reply' }).getByRole('textbox', { name: /^(Reply to|Forward)/ });
  const saved = page.getByText('Draft saved', { exact: true });

  await stage.step('a reply to all names everybody but ourselves', async () => {
    await needEmailAccount(stage);
    await stage.visit('/inbox?view=open');
    await stage.handIn(asked);
    await stage.row(asked.subject).click();
    await page.getByRole('article').first().waitFor();
    await page.keyboard.press('a');
    await page.getByRole('button', { name: `Remove Ida Writer <ida.${stamp}@mail.example.com>` }).waitFor();
    await page.getByRole('button', { name: `Remove Bob Baker <bob.${stamp}@mail.example.com>` }).waitFor();
    await page.keyboard.type('Yes, gladly.');
    await saved.waitFor();
  });
  await stage.step('a file goes up, and can be looked at', async () => {
    const drawing = Buffer.from(PIXEL, 'base64');
    await page.locator('form[aria-label=Reply] input[type=file]').setInputFiles({ name: 'cake.png', mimeType: 'image/png', buffer: drawing });
    await page.getByRole('button', { name: 'Look at cake.png' }).click();
    await stage.dialog('cake.png').getByRole('img').waitFor();
    await stage.look('file-preview');
    await page.keyboard.press('Escape');
    await saved.waitFor();
  });
  await stage.look('composer');
  await stage.step('after a reload it is all there, and the list says so', async () => {
    await page.reload();
    await area.waitFor();
    await page.waitForFunction((wanted) => [...document.querySelectorAll('textarea')].some(({ value }) => value === wanted), 'Yes, gladly.');
    await page.getByRole('button', { name: 'Look at cake.png' }).waitFor();
    await stage.row(asked.subject).getByText('Draft').waitFor();
  });
  await stage.step('another window wrote on it too: a person says which stays', async () => {
    const id = new URL(page.url()).pathname.split('/').at(-1);
    const { data } = await stage.api('GET', `/v1/drafts?conversation=${id}`);
    await area.focus();
    await page.keyboard.press('End');
    // Between two keys, so that the page has something of its own that is not kept yet.
    await page.keyboard.type(' Really.');
    const content = { ...data[0].content, text: 'From the other window.', attachments: [] };
    await stage.api('PUT', `/v1/drafts/${data[0].id}`, JSON.stringify({ content }), { 'Content-Type': 'application/json' });
    await page.getByText('This draft was changed in another window').waitFor();
    await stage.look('draft-conflict');
    await page.getByRole('button', { name: 'Keep this one' }).click();
    await saved.waitFor();
  });
  await stage.step('what came in between is shown before anything is sent', async () => {
    await stage.handIn(more);
    await page.getByRole('article').filter({ hasText: 'Wait: for Saturday.' }).waitFor();
    await page.reload();
    await area.waitFor();
    await area.focus();
    // The page does not hear of the next one: as when the network had a break.
    await page.route('**/v1/conversations/*/timeline*', (route) => route.fulfill({ status: 409, json: {} }));
    await stage.handIn({ ...more, raw: more.raw.replaceAll('cake-more', 'cake-last').replace('Wait: for Saturday.', 'No, Sunday!') });
    await page.getByText('The conversation could not be loaded').waitFor();
    await page.unroute('**/v1/conversations/*/timeline*');
    await page.keyboard.press('Control+Enter');
    await page.getByText('The conversation has moved on while you wrote').waitFor();
    await page.getByRole('alert').getByText('No, Sunday!').waitFor();
    await stage.look('moved-on');
    await page.getByRole('button', { name: 'Send anyway' }).click();
    await page.getByText(/^Sending to/).waitFor();
  });
  await stage.step('a message can wait for its day, and be changed until then', async () => {
    await page.keyboard.press('r');
    await area.waitFor();
    await page.keyboard.type('A word for later.');
    await page.getByRole('button', { name: 'More ways to send' }).click();
    await page.getByRole('menuitem', { name: 'Send later…' }).click();
    await stage.dialog('Send this').waitFor();
    await stage.look('send-later');
    await page.keyboard.type('tomor');
    await page.keyboard.press('Enter');
    const waits = page.getByRole('article').filter({ hasText: 'A word for later.' });
    await waits.getByText(/Scheduled\s+for/).waitFor();
    await waits.getByRole('button', { name: 'Stop and change' }).click();
    await page.waitForFunction(() => document.activeElement?.value === 'A word for later.');
  });
  await stage.step('it is thrown away, and comes back', async () => {
    await page.getByRole('button', { name: 'Throw away' }).click();
    await page.getByText('The draft was thrown away.').waitFor();
    await page.keyboard.press('z');
    await area.waitFor();
    await page.getByRole('button', { name: 'Throw away' }).click();
  });
  await stage.step('it is forwarded to somebody who is known', async () => {
    await page.keyboard.press('f');
    await page.getByRole('combobox', { name: 'To' }).waitFor();
    await page.keyboard.type(`ida.${stamp}`);
    await page.getByRole('option', { name: new RegExp(`ida.${stamp}`) }).waitFor();
    await stage.look('forward');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/^Sending to Ida Writer/).last().waitFor();
    await page.getByRole('form', { name: 'Reply' }).waitFor({ state: 'detached' });
  });
  await stage.step('a message is split off, and put back', async () => {
    await page.keyboard.press('Shift+M');
    await page.getByRole('checkbox', { name: /^Choose the message from Ida Writer/ }).nth(1).check();
    await stage.look('choose-messages');
    await page.getByRole('button', { name: 'Split off…' }).click();
    await stage.dialog(/^Split off/).getByLabel('Subject').fill(`Saturday cake ${stamp}`);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `Saturday cake ${stamp}` }).waitFor();
    await page.keyboard.press('z');
    await page.getByRole('heading', { name: asked.subject, exact: true }).waitFor();
  });
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC';
