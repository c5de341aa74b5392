// A message goes on through another account when one cannot send, and is not sent to a suppressed address; its timeline
// tells both in words. An account that hands mail on by SMTP gets its DKIM keys.

const JSON_BODY = { 'Content-Type': 'application/json' };

export async function channelsFailover(stage) {
  const { page, stamp } = stage;
  const [broken, spare] = [`Broken ${stamp}`, `Spare ${stamp}`];
  const post = (path, body) => stage.api('POST', path, JSON.stringify(body), JSON_BODY);
  const ids = [];

  await stage.step('a message goes on through the next account', async () => {
    await stage.visit('/channels');
    for (const [name, priority] of [[broken, -100], [spare, -99]]) {
      // Nothing ever listens on the discard port.
      const settings = { host: '127.0.0.1', port: 9, security: 'none', from: 'support@example.com' };
      ids.push((await post('/v1/channel-accounts', { name, provider: 'smtp', priority, settings })).id);
    }
    const { conversation_id } = await post('/v1/messages', { to: `rob.${stamp}@example.com`, subject: `Failover ${stamp}`, text: 'Hello Rob' });
    await stage.visit(`/inbox/${conversation_id}`);
    await stage.delivery().click();
    const dialog = stage.dialog('Delivery');
    await dialog.getByText('Goes on through another account').first().waitFor();
    await dialog.getByText(`${broken} did not take it`).first().waitFor();
    await dialog.getByText(spare, { exact: true }).first().waitFor();
  });
  await stage.look('delivery-rerouted');

  await stage.step('a suppressed address gets nothing, and the timeline says what to do', async () => {
    const address = `gone.${stamp}@example.com`;
    await post('/v1/suppressions', { address, detail: 'Asked for it by telephone' });
    const { conversation_id } = await post('/v1/messages', { to: address, subject: `Blocked ${stamp}`, text: 'Hello' });
    await stage.visit(`/inbox/${conversation_id}`);
    await stage.delivery().filter({ hasText: 'Blocked: suppressed' }).click();
    const dialog = stage.dialog('Delivery');
    await dialog.getByText(`Not sent to ${address}: suppressed`).waitFor();
    await dialog.getByText('When you know better, remove the entry').waitFor();
    await stage.look('delivery-suppressed');
    await dialog.getByRole('link', { name: 'Look at the entry' }).click();
    await page.getByText(address).first().waitFor();
  });

  await stage.step('DKIM keys are made, and their records stand to be copied', async () => {
    await stage.visit(`/channels/${ids[0]}`);
    const form = page.getByRole('form', { name: 'Make DKIM keys' });
    await form.getByLabel('Selector').fill(`s${stamp}`);
    await form.getByRole('button', { name: 'Make keys' }).click();
    const records = page.getByRole('list', { name: 'DNS records' });
    await records.getByText('_domainkey.example.com').first().waitFor();
    await records.getByRole('button', { name: 'Copy value of the record' }).first().click();
    await records.getByRole('button', { name: 'Copied' }).waitFor();
    if ((await page.content()).includes('PRIVATE KEY')) throw new Error('the page holds a private key');
    await records.scrollIntoViewIfNeeded();
  });
  await stage.look('dkim');

  await stage.step('the accounts are deleted', async () => {
    for (const id of ids) await stage.api('DELETE', `/v1/channel-accounts/${id}`);
  });
}
