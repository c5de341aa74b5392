// A channel is added and checked; a message and a reply leave by it; the conversation is resolved and found again.

export async function sending(stage) {
  const { page, stamp } = stage;
  const channelName = `Story ${stamp}`;
  const subject = `Where is order ${stamp}?`;

  await stage.step('the channels show', async () => {
    await page.getByRole('link', { name: 'Channels', exact: true }).click();
    await page.getByRole('heading', { name: 'Channels', exact: true }).waitFor();
  });
  await stage.step('a provider is picked', async () => {
    await page.getByRole('link', { name: 'Add channel' }).click();
    await page.getByRole('list', { name: 'Providers' }).waitFor();
    await stage.look('providers');
    await page.locator(`a[href$="/channels/new/${stage.options.provider}"]`).click();
    await page.getByRole('form', { name: 'Channel' }).waitFor();
    await stage.look('add-channel');
  });
  await stage.step('the channel is added', async () => {
    await page.getByLabel('Name', { exact: true }).fill(channelName);
    await page.getByLabel('Sender address').fill('support@example.com');
    await page.getByRole('button', { name: 'Add channel' }).click();
    await page.getByRole('article', { name: channelName }).waitFor();
  });
  await stage.step('the channel is checked', async () => {
    const card = page.getByRole('article', { name: channelName });
    await card.getByRole('button', { name: 'Check' }).click();
    await card.getByText('Everything worked.').waitFor();
  });
  await stage.look('channels');

  await stage.step('a message is written and sent', async () => {
    await page.getByRole('link', { name: 'Inbox' }).click();
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await page.keyboard.press('c');
    const dialog = stage.dialog('New message');
    await dialog.getByLabel('To').fill(`jane.${stamp}@example.com`);
    const from = dialog.getByLabel('From');
    if (await from.count()) await from.selectOption({ label: `${channelName} (support@example.com)` });
    await dialog.getByLabel('Subject').fill(subject);
    await dialog.getByLabel('Text').fill('Hello Jane,\n\nyour order is on its way: https://example.com/track\n\nKind regards');
    await stage.look('new-message');
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('heading', { name: subject }).waitFor();
  });
  await stage.step('its state becomes sent, without a reload', () => stage.waitForSent());
  await stage.step('the conversation is opened from the list', async () => {
    await page.keyboard.press('Escape');
    await stage.row(subject).click();
    await page.getByRole('article').first().waitFor();
  });
  await stage.step('a reply is sent with Ctrl+Enter and becomes sent', async () => {
    const before = await page.getByRole('button', { name: /^Delivery:/ }).count();
    await page.keyboard.press('r');
    await page.keyboard.type(`One more thing: order ${stamp} arrives tomorrow.`);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: /^Delivery:/ }).nth(before).waitFor();
    await stage.waitForSent();
  });
  await stage.look('conversation');
  await stage.step('the delivery timeline shows the attempt', async () => {
    await stage.delivery().click();
    await stage.dialog('Delivery').getByText('Taken by the provider').waitFor();
    await stage.look('delivery');
    await page.keyboard.press('Escape');
    await stage.dialog('Delivery').waitFor({ state: 'detached' });
  });
  await stage.step('the conversation is resolved', async () => {
    await page.getByRole('button', { name: 'Resolve', exact: true }).click();
    await page.getByText('Conversation resolved.').waitFor();
  });
  await stage.step('it is among the resolved', async () => {
    await stage.visit('/inbox?view=resolved');
    await stage.row(subject).waitFor();
  });
  await stage.step('the palette finds the person', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type(`jane.${stamp}`);
    await page.getByRole('option').filter({ hasText: `jane.${stamp}` }).first().waitFor();
    await stage.look('palette');
    await page.keyboard.press('Escape');
  });
  await stage.step('the channel is deleted', async () => {
    await stage.visit('/channels');
    await page.getByRole('article', { name: channelName }).getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('article', { name: channelName }).waitFor({ state: 'detached' });
  });
}
