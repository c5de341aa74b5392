// A mailbox that cannot be reached is added, checked, changed without showing its password, and deleted.

export async function mailboxes(stage) {
  const { page, stamp } = stage;
  const name = `Post ${stamp}`;
  const card = page.getByRole('article', { name: `Mailbox ${name}` });

  await stage.step('a mailbox is added', async () => {
    await stage.visit('/channels');
    await page.getByRole('link', { name: 'Add mailbox' }).click();
    await page.getByRole('form', { name: 'Mailbox' }).waitFor();
    await stage.look('add-mailbox');
    await page.getByLabel('Server').fill('127.0.0.1');
    // Nothing ever listens on the discard port.
    await page.getByLabel('Port').fill('9');
    await page.getByLabel('Protection').selectOption('none');
    await page.getByLabel('User name').fill(`post.${stamp}@example.com`);
    await page.getByLabel('Password', { exact: true }).fill('an obviously fake password');
    await page.getByText('Name, answers, and how often').click();
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Add mailbox' }).click();
    await card.waitFor();
  });
  await stage.step('its check says what is wrong', async () => {
    await card.getByRole('button', { name: 'Check', exact: true }).click();
    await card.getByText('This did not work.').waitFor();
    await card.scrollIntoViewIfNeeded();
  });
  await stage.look('mailbox-check-failed');
  await stage.step('it is changed, and its password is not shown', async () => {
    await card.getByRole('link', { name: 'Edit' }).click();
    await page.getByPlaceholder('Stored. Type to replace it.').waitFor();
    await page.getByLabel('Mail that was filed').selectOption('move');
    await page.getByLabel('To the folder').fill('Filed');
    await stage.look('edit-mailbox');
    await page.getByRole('button', { name: 'Save' }).click();
    await card.getByText('Mail is moved to Filed').waitFor();
  });
  await stage.step('it is deleted', async () => {
    await card.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await card.waitFor({ state: 'detached' });
  });
}
