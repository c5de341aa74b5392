// A channel whose server cannot be reached says so; its message waits, tells why, and can be stopped.

export async function trouble(stage) {
  const { page, stamp } = stage;
  const channelName = `Unreachable ${stamp}`;
  const subject = `Will this arrive ${stamp}?`;
  const card = page.getByRole('article', { name: channelName });

  await stage.step('a channel that cannot be reached is added', async () => {
    await stage.visit('/channels/new/smtp');
    await page.getByRole('heading', { name: 'Add SMTP' }).waitFor();
    await stage.look('add-smtp');
    await page.getByLabel('Name', { exact: true }).fill(channelName);
    await page.getByLabel('Sender address').fill('support@example.com');
    await page.getByLabel('Server', { exact: true }).fill('127.0.0.1');
    // Nothing ever listens on the discard port.
    await page.getByLabel('Port', { exact: true }).fill('9');
    await page.getByRole('button', { name: 'Add channel' }).click();
    await card.waitFor();
  });
  await stage.step('its check says what is wrong', async () => {
    await card.getByRole('button', { name: 'Check' }).click();
    await card.getByText('This did not work.').waitFor();
    await card.scrollIntoViewIfNeeded();
  });
  await stage.look('channel-check-failed');
  await stage.step('its message waits and tells why', async () => {
    const accounts = await stage.api('GET', '/v1/channel-accounts');
    const account = accounts.data.find(({ name }) => name === channelName).id;
    const message = JSON.stringify({ account, to: `tom.${stamp}@example.com`, subject, text: 'Hello Tom' });
    const { conversation_id } = await stage.api('POST', '/v1/messages', message, { 'Content-Type': 'application/json' });
    await stage.visit(`/inbox/${conversation_id}`);
    await stage.delivery().filter({ hasText: 'Trying again' }).waitFor();
    await stage.delivery().click();
    await stage.dialog('Delivery').getByText('Not taken for now').first().waitFor();
  });
  await stage.look('deferred');
  await stage.step('it is stopped', async () => {
    await stage.dialog('Delivery').getByRole('button', { name: 'Stop sending' }).click();
    await page.getByText('Stopped: it will not be sent.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('was stopped before it left').waitFor();
    await page.getByRole('button', { name: 'Show it' }).click();
    await stage.delivery().filter({ hasText: 'Cancelled' }).waitFor();
  });
  await stage.step('its channel is deleted', async () => {
    await stage.visit('/channels');
    await card.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await card.waitFor({ state: 'detached' });
  });
}
