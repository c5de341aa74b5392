// What a team shares is set up: a team, a tag, a text, a view; and what holds for the whole house.

export async function house(stage) {
  const { page, stamp } = stage;
  const save = (dialog) => dialog.getByRole('button', { name: 'Save', exact: true }).click();
  const one = (list, name) => page.getByRole('list', { name: list }).getByRole('listitem').filter({ hasText: name });

  await stage.step('a team is made', async () => {
    await stage.visit('/settings/teams');
    await page.getByRole('button', { name: 'New team' }).click();
    const dialog = stage.dialog('New team');
    await dialog.getByLabel('Name').fill(`Team ${stamp}`);
    await dialog.getByRole('checkbox').first().check();
    await stage.look('new-team');
    await save(dialog);
    await one('Teams', `Team ${stamp}`).getByText('1 person').waitFor();
  });
  await stage.look('teams');
  await stage.step('a tag is made, and another of its name refused', async () => {
    await stage.visit('/settings/tags');
    for (const attempt of ['made', 'refused']) {
      await page.getByRole('button', { name: 'New tag' }).click();
      const dialog = stage.dialog('New tag');
      await dialog.getByLabel('Name').fill(`Tag ${stamp}`);
      await dialog.getByRole('radio', { name: 'violet' }).check();
      await save(dialog);
      if (attempt === 'made') await one('Tags', `Tag ${stamp}`).waitFor();
      else await dialog.getByText('The tag was not saved').or(dialog.locator('[aria-invalid=true]')).first().waitFor();
    }
    await stage.look('tag-refused');
    await page.keyboard.press('Escape');
  });
  await stage.look('tags');
  await stage.step('a text with a wrong variable is refused, and a right one kept', async () => {
    await stage.visit('/settings/canned');
    await page.getByRole('button', { name: 'New response' }).click();
    const dialog = stage.dialog('New canned response');
    await dialog.getByLabel('Shortcut').fill(`s${stamp}`);
    await dialog.getByLabel('Name').fill(`Text ${stamp}`);
    await dialog.getByLabel('Text', { exact: true }).fill('Hello {{contact.nam}}, ');
    await dialog.getByText('What is red is no variable.').waitFor();
    await save(dialog);
    await dialog.getByText(/contact\.nam\b.*|no variable/).first().waitFor();
    await stage.look('canned-refused');
    await dialog.getByLabel('Text', { exact: true }).fill('Hello ');
    await dialog.getByLabel('Text', { exact: true }).press('End');
    await dialog.getByRole('button', { name: 'Insert a variable' }).click();
    await page.getByRole('menuitem', { name: 'First name of the contact' }).click();
    await dialog.getByLabel('Preview').getByText('Jane').waitFor();
    await stage.look('canned-editor');
    await save(dialog);
    await one('Canned responses', `Text ${stamp}`).waitFor();
  });
  await stage.look('canned');
  await stage.step('views are made and put in order', async () => {
    await stage.visit('/settings/views');
    for (const name of [`First ${stamp}`, `Second ${stamp}`]) {
      await page.getByRole('button', { name: 'New view' }).click();
      const dialog = stage.dialog('New view');
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByLabel('Search').fill('is:open');
      await save(dialog);
      await one('Saved views', name).waitFor();
    }
    await page.getByRole('button', { name: `Move Second ${stamp} up` }).click();
    await one('Saved views', new RegExp(`(First|Second) ${stamp}`)).first().filter({ hasText: 'Second' }).waitFor();
  });
  await stage.look('views');
  await stage.step('they are deleted', async () => {
    for (const name of [`First ${stamp}`, `Second ${stamp}`]) {
      await one('Saved views', name).getByRole('button', { name: 'Delete' }).click();
      await one('Saved views', name).waitFor({ state: 'detached' });
    }
  });
  await stage.step('the settings of the house are changed', async () => {
    await stage.visit('/settings/general');
    await page.getByRole('form', { name: 'General settings' }).waitFor();
    await page.getByLabel('Undo for sent messages, in seconds').fill('12');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
  });
  await stage.look('general');
}
