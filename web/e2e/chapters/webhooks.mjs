// A webhook is added, tested, fails, is replayed, gets a new secret, is switched off and deleted.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { startListener } from '../listener.mjs';

const JSON_BODY = { 'Content-Type': 'application/json' };

export async function webhooks(stage) {
  const { page, stamp } = stage;
  const listener = await startListener();
  try {
    await story(stage, listener);
  } finally {
    await listener.stop();
  }

  await stage.step('the webhook is deleted', async () => {
    await more(page, 'Delete…');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('The webhook was deleted.').waitFor();
    await page.getByRole('link').filter({ hasText: `Of the story ${stamp}` }).waitFor({ state: 'detached' });
  });
}

async function story(stage, listener) {
  const { page, stamp } = stage;
  const description = `Of the story ${stamp}`;
  const log = page.getByRole('list', { name: 'Deliveries' });
  let secret = '';

  await stage.step('the page says what a webhook is', async () => {
    await stage.visit('/settings/webhooks');
    const there = await stage.api('GET', '/v1/webhooks');
    if (there.data.length === 0) await page.getByRole('heading', { name: 'No webhooks yet' }).waitFor();
  });
  await stage.look('webhooks-first');

  await stage.step('one is added, and its secret is shown once', async () => {
    await page.keyboard.press('n');
    const dialog = stage.dialog('Add a webhook');
    await dialog.getByLabel('Address', { exact: true }).fill(listener.url);
    await dialog.getByLabel('Description').fill(description);
    await dialog.getByRole('checkbox', { name: /Every event/ }).uncheck();
    await dialog.getByText('Contacts', { exact: true }).click();
    await dialog.getByRole('checkbox', { name: /contact\.created/ }).check();
    await stage.look('webhook-add');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    secret = (await page.getByTestId('webhook-secret').textContent()).trim();
    assert.match(secret, /^whsec_/);
    await stage.look('webhook-secret');
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByRole('heading', { name: listener.url }).waitFor();
    await page.getByText('every event of messages, contact.created').waitFor();
  });

  await stage.step('a test event arrives, signed with the secret', async () => {
    await page.getByRole('button', { name: 'Send test' }).click();
    await log.getByRole('link').filter({ hasText: 'webhook.test' }).filter({ hasText: 'Delivered' }).waitFor();
    const { headers, body } = listener.got.at(-1);
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const mac = createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(signed).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${mac}`);
  });
  await stage.step('its delivery shows what was sent and answered', async () => {
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const detail = page.getByRole('region', { name: 'Delivery', exact: true });
    await detail.getByText('Answered 200').waitFor();
    await detail.getByText('"thanks": true').waitFor();
    await detail.getByText('webhook-signature: v1,').waitFor();
    assert.equal(await detail.getByText(secret).count(), 0);
  });
  await stage.look('webhook-delivery');

  await stage.step('when the program fails, the page says so', async () => {
    [listener.status, listener.body] = [500, 'The program fell over.'];
    await addContact(stage, `Hook ${stamp}`, `hook.${stamp}@example.com`);
    await page.keyboard.press('Escape');
    await log.getByRole('link').filter({ hasText: 'contact.created' }).filter({ hasText: '500' }).waitFor();
    await page.getByText('Failing', { exact: false }).first().waitFor();
  });
  await stage.look('webhook-failing');
  await stage.step('the list says so too', async () => {
    await page.getByRole('link', { name: 'Webhooks', exact: true }).first().click();
    await page.getByRole('list', { name: 'Webhooks' }).getByText('Failing').first().waitFor();
  });
  await stage.look('webhooks');

  await stage.step('it is delivered again when the program is well', async () => {
    [listener.status, listener.body] = [200, '{"thanks":true}'];
    await page.getByRole('list', { name: 'Webhooks' }).getByRole('link').filter({ hasText: description }).click();
    await log.getByRole('link').filter({ hasText: 'contact.created' }).first().click();
    await page.getByText('The program fell over.').waitFor();
    await page.getByRole('button', { name: 'Deliver again' }).click();
    await page.getByRole('region', { name: 'Delivery', exact: true }).getByText('Answered 200').waitFor();
  });
  await stage.look('webhook-delivery-attempts');
  await stage.step('the log is filtered by event and state', async () => {
    await page.getByRole('link', { name: 'Back to the log' }).click();
    await page.getByLabel('Event', { exact: true }).selectOption('contact.created');
    await page.waitForFunction(() => document.querySelectorAll('[aria-label="Deliveries"] a').length === 1);
    await page.getByRole('navigation', { name: 'States' }).getByRole('link', { name: 'Failed' }).click();
    await page.getByText('No such deliveries').waitFor();
    await page.getByRole('navigation', { name: 'States' }).getByRole('link', { name: 'All' }).click();
    await page.getByLabel('Event', { exact: true }).selectOption('');
  });

  await stage.step('all since a moment is replayed', async () => {
    await more(page, 'Replay…');
    await stage.dialog('Replay').waitFor();
    await stage.look('webhook-replay');
    await stage.dialog('Replay').getByLabel('Everything').check();
    const before = listener.got.length;
    await stage.dialog('Replay').getByRole('button', { name: 'Replay', exact: true }).click();
    await page.getByText('The replay has begun').waitFor();
    await page.getByText(/^Replayed: \d+ events? delivered again/).waitFor();
    while (listener.got.length === before) await page.waitForTimeout(50);
  });

  await stage.step('the secret is replaced, and both sign for a while', async () => {
    await more(page, 'Replace the secret…');
    await stage.look('webhook-rotate');
    await stage.dialog('Replace the secret').getByRole('button', { name: 'Make a new secret' }).click();
    await page.getByText('both secrets sign').waitFor();
    await stage.look('webhook-rotated');
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByText('Two secrets sign now.').waitFor();
    const before = listener.got.length;
    await page.getByRole('button', { name: 'Send test' }).click();
    while (listener.got.length === before) await page.waitForTimeout(50);
    assert.equal(listener.got.at(-1).headers['webhook-signature'].split(' ').length, 2);
  });
  await stage.look('webhook-page');

  await stage.step('it is switched off by the palette, and on again', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('switch the webhook off');
    await page.keyboard.press('Enter');
    await page.getByText('What happens meanwhile can be replayed later.').waitFor();
    await page.getByText('Switched off', { exact: true }).first().waitFor();
    await stage.look('webhook-off');
    await page.getByRole('button', { name: 'Switch on' }).click();
    await page.getByText('Switched on.').waitFor();
  });
  await stage.step('an address that is none is refused at its field', async () => {
    await page.keyboard.press('e');
    const dialog = stage.dialog('Edit the webhook');
    await dialog.getByLabel('Address', { exact: true }).fill('ftp://example.com/hooks');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.locator('[aria-invalid=true]').waitFor();
    await stage.look('webhook-refused');
    await page.keyboard.press('Escape');
  });
  await stage.step('a program that wants no more switches it off, and the owner is told', async () => {
    [listener.status, listener.body] = [410, ''];
    await addContact(stage, `Gone ${stamp}`, `no.more.${stamp}@example.com`);
    await page.getByText('It answered 410').first().waitFor();
    await stage.look('webhook-gone');
    const here = page.url();
    await page.getByRole('button', { name: /Notifications/ }).click();
    await page.getByText('Webhook switched off').first().click();
    await page.waitForURL(here);
  });
}

async function more(page, verb) {
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: verb }).click();
}

function addContact(stage, name, address) {
  const body = { name, identities: [{ channel: 'email', address }] };
  return stage.api('POST', '/v1/contacts', JSON.stringify(body), JSON_BODY);
}
