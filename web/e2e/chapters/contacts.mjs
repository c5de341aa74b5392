// A contact is made, described, found by a filter and merged; a spreadsheet is imported after a trial.

import assert from 'node:assert/strict';

const JSON_BODY = { 'Content-Type': 'application/json' };

export async function contacts(stage) {
  const { page, stamp } = stage;
  const name = `Ada Story ${stamp}`;
  const twin = `Ada Twin ${stamp}`;
  const profile = page.getByRole('region', { name: 'Contact', exact: true });

  await stage.step('a contact is added', async () => {
    await stage.visit('/contacts');
    await page.getByRole('heading', { name: 'Contacts', exact: true }).waitFor();
    await page.keyboard.press('n');
    const dialog = stage.dialog('New contact');
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByLabel('Address').fill(`ada.${stamp}@example.com`);
    await stage.look('new-contact');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('heading', { name, exact: true }).waitFor();
  });
  await stage.step('it gets an attribute, an owner and a second address', async () => {
    await profile.getByRole('button', { name: 'Add an attribute' }).click();
    await profile.locator('form').getByLabel('Name').fill('plan');
    await profile.locator('form').getByLabel('Value').fill(`Pro-${stamp}`);
    await profile.getByRole('button', { name: 'Add the attribute' }).click();
    await profile.getByRole('textbox', { name: 'plan', exact: true }).waitFor();
    await profile.getByLabel('Owner').selectOption({ index: 1 });
    await page.getByText('The owner was changed.').waitFor();
    await profile.getByRole('button', { name: 'Add an address' }).click();
    await profile.locator('form').getByLabel('Address').fill('not an address');
    await profile.getByRole('button', { name: 'Add the address' }).click();
    await profile.locator('[aria-invalid=true]').waitFor();
    await profile.locator('form').getByLabel('Address').fill(`ada.office.${stamp}@example.com`);
    await profile.getByRole('button', { name: 'Add the address' }).click();
    await profile.getByText(`ada.office.${stamp}@example.com`, { exact: true }).waitFor();
  });
  await stage.look('contact-described');

  await stage.step('a filter by the attribute finds only it', async () => {
    await stage.visit('/contacts');
    await page.getByRole('button', { name: 'Attribute', exact: true }).click();
    const filter = page.getByLabel('Attribute filter');
    await filter.getByLabel('Attribute', { exact: true }).fill('plan');
    await filter.getByLabel('Is').fill(`Pro-${stamp}`);
    await filter.getByRole('button', { name: 'Filter' }).click();
    await page.getByRole('row').filter({ hasText: name }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  });
  await stage.step('a column is chosen, and stays', async () => {
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByLabel('Columns').getByLabel('plan', { exact: true }).check();
    await page.keyboard.press('Escape');
    await page.getByRole('columnheader', { name: 'plan' }).waitFor();
    await page.reload();
    await page.getByRole('cell', { name: `Pro-${stamp}` }).waitFor();
  });
  await stage.look('contacts-filtered');

  await stage.step('two contacts are merged', async () => {
    const body = { name: twin, identities: [{ channel: 'email', address: `ada.twin.${stamp}@example.com` }] };
    await stage.api('POST', '/v1/contacts', JSON.stringify(body), JSON_BODY);
    await page.getByRole('link', { name }).click();
    await profile.getByRole('button', { name: 'Merge…', exact: true }).click();
    const dialog = stage.dialog('Merge contacts');
    await dialog.getByLabel('The other contact').fill(twin);
    await dialog.getByRole('button', { name: twin }).click();
    await dialog.getByText(`ada.twin.${stamp}@example.com`).first().waitFor();
    await stage.look('merge-contacts');
    await dialog.getByRole('button', { name: 'Merge', exact: true }).click();
    await page.getByText('is part of').waitFor();
    await profile.getByText(`ada.twin.${stamp}@example.com`, { exact: true }).waitFor();
  });
  await stage.step('and are two again', async () => {
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('They are two contacts again.').waitFor();
    await profile.getByText(`ada.twin.${stamp}@example.com`, { exact: true }).waitFor({ state: 'detached' });
  });

  await stage.step('a spreadsheet is tried', async () => {
    const rows = ['Full name,E-Mail,Company', `Bo Import ${stamp},bo.${stamp}@example.com,Contoso`, `Cy Import ${stamp},cy.${stamp}@example.com,Fabrikam`, 'Nobody,no-address,'];
    await stage.visit('/contacts/import');
    await stage.look('import-file');
    await page.locator('input[type=file]').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\r\n')) });
    await page.getByLabel('Full name becomes').selectOption('name');
    await page.getByLabel('E-Mail becomes').selectOption('email');
    await page.getByLabel('Company becomes').selectOption('attribute');
    await stage.look('import-columns');
    await page.getByRole('button', { name: 'Try it without changing anything' }).click();
    await page.getByText('This is what would happen.').waitFor();
    await page.getByRole('cell', { name: /email address/ }).waitFor();
  });
  await stage.look('import-trial');
  await stage.step('nothing was changed by the trial', async () => {
    const { data } = await stage.api('GET', `/v1/contacts?q=bo.${stamp}`);
    assert.equal(data.length, 0);
  });
  await stage.step('it is imported', async () => {
    await page.getByRole('button', { name: 'Import 2 contacts' }).click();
    await page.getByText('Imported.', { exact: true }).waitFor();
    await stage.look('import-done');
    await stage.visit(`/contacts?q=bo.${stamp}`);
    await page.getByRole('row').filter({ hasText: `Bo Import ${stamp}` }).waitFor();
  });
  await stage.step('contacts are exported', async () => {
    const csv = await page.evaluate(async (q) => (await fetch(`/v1/contacts/export?format=csv&q=${q}`)).text(), `bo.${stamp}`);
    assert.match(csv, new RegExp(`bo\\.${stamp}@example\\.com`));
  });
}
