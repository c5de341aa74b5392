// From the list to a reply and on to the next conversation, without touching the mouse.

import { question } from '../letters.mjs';

export async function keysOnly(stage) {
  const { page } = stage;
  const first = question(`${stage.stamp}-first`);
  const second = question(`${stage.stamp}-second`);
  const at = page.locator('[data-at=true]');
  const reply = `Found it, it waits for you here. ${stage.stamp}`;

  await needEmailAccount(stage);
  await stage.step('j and k move through the list', async () => {
    await stage.visit('/inbox');
    await stage.handIn(first);
    await stage.row(first.subject).waitFor();
    await stage.handIn(second);
    await stage.row(second.subject).waitFor();
    await page.keyboard.press('j');
    await at.filter({ hasText: second.subject }).waitFor();
    await page.keyboard.press('j');
    await at.filter({ hasText: first.subject }).waitFor();
    await page.keyboard.press('k');
    await at.filter({ hasText: second.subject }).waitFor();
    await page.keyboard.press('j');
    await at.filter({ hasText: first.subject }).waitFor();
  });
  await stage.step('Enter opens, r replies, Ctrl+Enter sends', async () => {
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: first.subject, exact: true }).waitFor();
    await page.getByRole('article').first().waitFor();
    await page.keyboard.press('r');
    await page.keyboard.type(reply);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('article').filter({ hasText: reply }).waitFor();
    await page.getByRole('form', { name: 'Reply' }).locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
  });
  await stage.step('Escape leaves the reply, e resolves and shows the next', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('e');
    await page.getByText('Conversation resolved.').waitFor();
    await stage.row(first.subject).waitFor({ state: 'detached' });
  });
  await stage.step('the keys are listed', async () => {
    await page.keyboard.press('?');
    await stage.dialog('Keys').waitFor();
    await stage.look('keys');
    await page.keyboard.press('Escape');
  });
}

/** A server without one would refuse the reply. Whether it arrives is not this chapter's matter. */
export async function needEmailAccount(stage) {
  const { data } = await stage.api('GET', '/v1/channel-accounts');
  if (data.some(({ channel, enabled }) => channel === 'email' && enabled)) return;
  const account = {
    name: 'For the keys',
    provider: 'smtp',
    sender: { address: 'support@example.com' },
    settings: { host: '127.0.0.1', port: 9 },
  };
  await stage.api('POST', '/v1/channel-accounts', JSON.stringify(account), { 'Content-Type': 'application/json' });
}
