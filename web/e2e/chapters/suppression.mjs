// Addresses are suppressed by hand and by a file; the contact's page and the composer say so; one is taken off again.

import { question } from '../letters.mjs';

const JSON_BODY = { 'Content-Type': 'application/json' };

export async function suppression(stage) {
  const { page, stamp } = stage;
  const gone = `calm.${stamp}@example.com`;
  const list = page.getByRole('list', { name: 'Suppressed addresses' });
  const row = (address) => list.getByRole('listitem').filter({ hasText: address });

  await stage.step('the suppression list is a key away', async () => {
    await stage.visit('/contacts');
    await page.keyboard.press('g');
    await page.keyboard.press('x');
    await page.getByRole('heading', { name: 'Suppression', exact: true }).waitFor();
  });
  await stage.look('suppression-first');

  await stage.step('an address is added with a reason', async () => {
    await page.keyboard.press('n');
    const dialog = stage.dialog('Add an address');
    await dialog.getByLabel('Address', { exact: true }).fill('not an address');
    await dialog.getByLabel('Reason', { exact: true }).fill('Asked by phone not to be written to');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.locator('[aria-invalid=true]').waitFor();
    await stage.look('suppression-add');
    await dialog.getByLabel('Address', { exact: true }).fill(gone);
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await row(gone).getByText('Asked by phone not to be written to').waitFor();
  });

  await stage.step('a file is tried, and its faults are shown by row', async () => {
    const rows = [
      'address,reason,detail,created_at',
      `bounced.${stamp}@example.com,hard_bounce,550 5.1.1 No such user here,2026-11-12T09:00:00Z`,
      `angry.${stamp}@example.org,complaint,Reported as spam,`,
      `left.${stamp}@example.com,unsubscribed,By the link in the October letter,`,
      'nobody,hard_bounce,,',
      `odd.${stamp}@example.com,bad mood,,`,
      `${gone},manual,,`,
    ];
    await page.keyboard.press('i');
    await page.getByRole('heading', { name: 'Import suppressed addresses' }).waitFor();
    await stage.look('suppression-import');
    await page.locator('input[type=file]').setInputFiles({ name: 'bounces.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\r\n')) });
    await page.getByText('This is what would happen.').waitFor();
    await page.getByRole('group', { name: 'Refused rows' }).getByRole('row').nth(2).waitFor();
  });
  await stage.look('suppression-trial');
  await stage.step('and imported', async () => {
    await page.getByRole('button', { name: 'Import 3 addresses' }).click();
    await page.getByText('Imported.', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Show the list' }).click();
    await row(`angry.${stamp}@example.org`).waitFor();
  });
  await stage.look('suppression');

  await stage.step('it is searched and filtered', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type(`left.${stamp}`);
    await row(gone).waitFor({ state: 'detached' });
    await row(`left.${stamp}@example.com`).waitFor();
    await page.getByLabel('Search addresses').fill('');
    await page.getByLabel('Reason', { exact: true }).selectOption('complaint');
    await row(gone).waitFor({ state: 'detached' });
    await row(`angry.${stamp}@example.org`).waitFor();
  });

  const letter = question(`${stamp}-suppressed`);
  await stage.step('the contact’s page says that nothing is sent there', async () => {
    await stage.handIn(letter);
    await stage.api('POST', '/v1/suppressions', JSON.stringify({ address: letter.from, detail: 'Wrote that she has moved' }), JSON_BODY);
    await stage.visit(`/contacts?q=${letter.from}`);
    await page.getByRole('link').filter({ hasText: letter.from }).first().click();
    await page.getByRole('note', { name: 'Suppressed' }).getByText('put on the list by hand').waitFor();
  });
  await stage.look('contact-suppressed');
  await stage.step('the inbox says so before an answer is sent', async () => {
    await stage.visit('/inbox');
    await stage.row(letter.subject).click();
    await page.getByRole('article').first().waitFor();
    await page.getByRole('note', { name: 'Suppressed' }).waitFor();
    await page.keyboard.press('r');
    await page.getByText('Nobody would get this message').waitFor();
  });
  await stage.look('reply-suppressed');
  await stage.step('and so does a new message', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('c');
    const dialog = stage.dialog('New message');
    await dialog.getByLabel('To', { exact: true }).last().fill(`${gone}, somebody.${stamp}@example.com`);
    await page.keyboard.press('Tab');
    await dialog.getByText('It will not be sent there.').waitFor();
  });
  await stage.look('new-message-suppressed');
  await page.keyboard.press('Escape');

  await stage.step('an address is taken off with a reason', async () => {
    await stage.visit(`/contacts/suppression?q=${gone}`);
    await row(gone).getByRole('button', { name: 'Take off…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason', { exact: true }).fill('It was a misunderstanding');
    await stage.look('suppression-remove');
    await dialog.getByRole('button', { name: 'Take it off' }).click();
    await page.getByText('was taken off the list.').waitFor();
    await page.getByText('No such address').waitFor();
  });
}
