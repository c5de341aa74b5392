// Somebody else gives a conversation to the person at the desk: the bell tells, and leads there by keys alone.

import assert from 'node:assert/strict';
import { question } from '../letters.mjs';

export async function notified(stage) {
  const { page, stamp } = stage;
  const asked = question(`${stamp}-bell`);
  const bell = page.getByRole('button', { name: /^Notifications/ });
  const panel = page.getByRole('list', { name: 'Notifications' });

  await stage.step('the bell rings by itself', async () => {
    await stage.visit('/contacts');
    await stage.api('POST', '/v1/notifications/read', JSON.stringify({ all: true }), { 'Content-Type': 'application/json' });
    await stage.handIn(asked);
    const program = await asProgram(stage);
    const conversation = await until(async () => (await program('GET', '/v1/conversations?limit=50')).data.find((one) => one.subject === asked.subject));
    const me = await stage.api('GET', '/v1/me');
    await program('PATCH', `/v1/conversations/${conversation.id}`, { assignee_id: me.user.id });
    await bell.getByText('1').waitFor();
  });
  await stage.step('its panel opens by keys', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('n');
    await panel.getByText(asked.subject).first().waitFor();
    await stage.look('notifications');
  });
  await stage.step('Enter opens the conversation, and it is read', async () => {
    await panel.getByRole('link').first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: asked.subject, exact: true }).waitFor();
    await bell.getByText('1').waitFor({ state: 'detached' });
    assert.equal((await stage.api('GET', '/v1/notifications/count')).unread, 0);
  });
  await stage.step('an empty bell says what it is for', async () => {
    await stage.visit('/contacts');
    await bell.click();
    await page.getByText('Nothing new').waitFor();
  });
  await stage.look('notifications-empty');
  await page.keyboard.press('Escape');
}

/** Nobody is told of what they did themselves, so a program does it. */
async function asProgram(stage) {
  const made = await stage.api('POST', '/v1/api-keys', JSON.stringify({ name: `Bell ${stage.stamp}`, scopes: ['*'] }), { 'Content-Type': 'application/json' });
  return async (method, path, body) => {
    const headers = { Authorization: `Bearer ${made.key}`, 'Content-Type': 'application/json' };
    const answer = await fetch(stage.base + path, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.json();
  };
}

async function until(found) {
  for (let tries = 0; tries < 200; tries++) {
    const one = await found();
    if (one) return one;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error('it never came');
}
