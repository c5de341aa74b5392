// Every other page, in every look.

const pages = [
  ['/inbox?view=look', 'needs-a-look', 'Inbox'],
  ['/channels/new/smtp2go', 'add-smtp2go', 'Add SMTP2GO'],
  ['/contacts', 'contacts', 'Contacts'],
  ['/journal', 'journal', 'Journal'],
  ['/journal?source=api&state=processed', 'journal-filtered', 'Journal'],
  ['/audit', 'audit', 'Audit'],
  ['/settings', 'settings', 'Settings'],
  ['/settings/people', 'people', 'Settings'],
  ['/settings/keys', 'keys-of-programs', 'Settings'],
];

export async function everyPage(stage) {
  const { page } = stage;
  for (const [path, name, heading] of pages) {
    await stage.step(`${path} shows`, async () => {
      await stage.visit(path);
      await page.getByRole('heading', { name: heading, exact: true }).waitFor();
    });
    await stage.look(name);
  }
  await stage.step('a contact opens', async () => {
    await stage.visit(`/contacts?q=nora.${stage.stamp}`);
    await page.getByRole('link').filter({ hasText: `nora.${stage.stamp}@` }).first().click();
    await page.getByRole('heading', { name: 'Nora Quist' }).waitFor();
  });
  await stage.look('contact');
  await stage.step('a journal entry opens', async () => {
    await stage.visit('/journal');
    await page.getByRole('list', { name: 'Journal entries' }).getByRole('link').first().click();
    await page.getByRole('button', { name: 'Process again' }).or(page.getByText('Received', { exact: false })).first().waitFor();
  });
  await stage.look('journal-entry');
  await stage.step('the audit chain is whole', async () => {
    await stage.visit('/audit');
    await page.getByRole('button', { name: 'Verify chain' }).click();
    await page.getByText('The chain is whole').waitFor();
  });
}
