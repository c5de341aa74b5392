// Every dialog that no other chapter opens, in every look.

const places = [
  { at: '/settings/people', open: 'Add a person', name: 'Add a person', look: 'add-person' },
  { at: '/settings/keys', open: 'New key', name: 'New API key', look: 'new-key' },
  { at: '/settings/views', open: 'New view', name: 'New view', look: 'new-view' },
  { at: '/settings/tags', open: 'New tag', name: 'New tag', look: 'new-tag' },
  { at: '/channels', open: 'Send test', name: /^Send a test/, look: 'send-test' },
  { at: '/channels', open: 'Delete', name: /^Delete /, look: 'delete-channel' },
];

export async function dialogs(stage) {
  const { page } = stage;
  for (const { at, open, name, look } of places) {
    await stage.step(`the dialog ${look} opens`, async () => {
      await stage.visit(at);
      await page.getByRole('button', { name: open }).first().click();
      await stage.dialog(name).waitFor();
    });
    await stage.look(look);
    await page.keyboard.press('Escape');
  }
  await stage.step('a key is shown once', async () => {
    await stage.visit('/settings/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill(`Look ${stage.stamp}`);
    await page.getByRole('dialog').getByRole('button', { name: 'Make the key' }).click();
    await page.getByTestId('new-key').waitFor();
  });
  await stage.look('key-shown');
  await page.keyboard.press('Escape');
}
