// The Channels page whole: accounts in the order of routing, limits, the webhook address, credentials that are replaced and
// not shown, the table of providers, the doctor.

const JSON_BODY = { 'Content-Type': 'application/json' };

export async function channels(stage) {
  const { page, stamp } = stage;
  const [first, second, vendor] = [`Heavy ${stamp}`, `Light ${stamp}`, `Mailgun ${stamp}`];
  const card = (name) => page.getByRole('article', { name, exact: true });
  const add = (account) => stage.api('POST', '/v1/channel-accounts', JSON.stringify(account), JSON_BODY);

  await stage.step('an account is added with its place and its limits', async () => {
    await stage.visit('/channels/new/console');
    await page.getByRole('heading', { name: 'Add Console' }).waitFor();
    await page.getByLabel('Name', { exact: true }).fill(first);
    await page.getByLabel('Sender address').fill('support@example.com');
    await page.getByText('Routing, limits and doubts').click();
    await page.getByLabel('Priority').fill('-90');
    await page.getByLabel('Weight').fill('70');
    await page.getByLabel('Messages per day').fill('1');
    await stage.look('add-channel-routing');
    await page.getByRole('button', { name: 'Add channel' }).click();
    await card(first).getByText('0 of 1', { exact: true }).waitFor();
  });
  await stage.step('two of one priority share by weight', async () => {
    await add({ name: second, provider: 'console', priority: -90, weight: 30, settings: { from: 'support@example.com' } });
    await card(first).getByText('Goes first, with 70 % of the messages').waitFor();
    await card(second).getByText('Goes first, with 30 % of the messages').waitFor();
  });
  await stage.step('with another priority one steps in for the other', async () => {
    await card(second).getByRole('link', { name: 'Change' }).click();
    await page.getByLabel('Priority').fill('-89');
    await page.getByRole('button', { name: 'Save' }).click();
    await card(second).getByText(`Steps in when ${first} cannot send`).waitFor();
    await card(first).getByText('Goes first').waitFor();
  });
  await stage.step('who has used up the day is left out, and the other goes first', async () => {
    await card(first).getByRole('button', { name: 'Send test' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('To').fill(`test.${stamp}@example.com`);
    await dialog.getByRole('button', { name: 'Send test' }).click();
    await dialog.getByText('Sent', { exact: true }).waitFor();
    await stage.look('channel-test-sent');
    await page.keyboard.press('Escape');
    await card(first).getByText('1 of 1', { exact: true }).waitFor();
    await card(first).getByText('Left out for now').waitFor();
    await card(first).getByText('it has sent all that its daily limit allows').waitFor();
    await card(second).getByText('Goes first').waitFor();
    await card(first).scrollIntoViewIfNeeded();
  });
  await stage.look('channels-limit-used');
  await stage.step('an account is switched off and on', async () => {
    await card(second).getByRole('button', { name: 'Switch off' }).click();
    await card(second).getByText('Switched off').waitFor();
    await card(first).getByText(/Messages wait for it|Left out for now/).waitFor();
    await card(second).getByRole('button', { name: 'Switch on' }).click();
    await card(second).getByText('Goes first').waitFor();
  });

  await stage.step('a webhook address says where it goes at the vendor', async () => {
    const settings = { api_key: 'key-fake', domain: 'mg.example.com', from: 'support@example.com', webhook_signing_key: 'fake' };
    await add({ name: vendor, provider: 'mailgun', priority: 90, enabled: false, settings });
    await card(vendor).getByText('Where to put it').click();
    await card(vendor).getByText('Sending > Webhooks').waitFor();
    await card(vendor).getByRole('button', { name: 'Copy webhook address' }).click();
    await card(vendor).getByRole('button', { name: 'Copied' }).waitFor();
    await card(vendor).scrollIntoViewIfNeeded();
  });
  await stage.look('channel-webhook');
  await stage.step('a webhook without a signature is refused and counted', async () => {
    const { webhook_url: address } = (await stage.api('GET', '/v1/channel-accounts')).data.find(({ name }) => name === vendor);
    const answer = await page.request.post(address, { data: { signature: {} } });
    if (![401, 403].includes(answer.status())) throw new Error(`it was answered with ${answer.status()}`);
    await page.reload();
    await card(vendor).getByText('1 refused today').waitFor();
  });
  await stage.step('credentials are replaced and never shown', async () => {
    await card(vendor).getByRole('link', { name: 'Edit' }).click();
    const key = page.getByLabel('API key', { exact: true });
    await key.waitFor();
    if ((await key.inputValue()) !== '') throw new Error('the form shows a stored key');
    await stage.look('edit-channel');
    await key.fill('key-another-fake');
    await page.getByRole('button', { name: 'Save' }).click();
    await card(vendor).waitFor();
    const account = (await stage.api('GET', '/v1/channel-accounts')).data.find(({ name }) => name === vendor);
    if (JSON.stringify(account).includes('key-another-fake')) throw new Error('the answer names the key');
    if (!account.secrets_set.includes('api_key')) throw new Error('the key was lost');
  });

  await stage.step('the providers stand side by side', async () => {
    await page.getByRole('link', { name: 'Compare providers' }).click();
    await page.getByRole('columnheader', { name: 'Mailgun' }).waitFor();
    await page.getByRole('rowheader', { name: 'Signs its webhooks' }).waitFor();
  });
  await stage.look('providers-compared');
  await stage.step('the doctor looks', async () => {
    await stage.visit('/channels');
    await page.getByRole('link', { name: 'Doctor' }).click();
    await page.getByRole('button', { name: 'Run again' }).waitFor();
    await page.getByRole('heading', { name: 'Accounts and their credentials' }).waitFor();
    await page.getByText(/\d fine/).first().waitFor();
  });
  await stage.look('doctor');

  await stage.step('the accounts are deleted', async () => {
    await stage.visit('/channels');
    for (const name of [first, second, vendor]) {
      await card(name).getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await card(name).waitFor({ state: 'detached' });
    }
  });
}
