// A whole day at the desk by the keyboard alone: take, tag, note, answer, call back, snooze, resolve, merge, find.

import { needEmailAccount } from './keysOnly.mjs';
import { letter } from '../letters.mjs';

const JSON_BODY = { 'Content-Type': 'application/json' };

export async function agentsDay(stage) {
  const { page, stamp } = stage;
  const keys = async (...all) => {
    for (const key of all) await page.keyboard.press(key);
  };
  const type = (text) => page.keyboard.type(text);
  const title = (subject) => page.getByRole('heading', { name: subject, exact: true });
  const head = page.locator('section[aria-label=Conversation] header');
  const field = (name) => page.getByRole('dialog').getByRole('textbox').or(page.getByRole('dialog').getByRole('combobox')).and(page.getByLabel(name));
  const picker = async (key, name, words) => {
    await keys(key);
    await field(name).waitFor();
    await type(words);
    await page.getByRole('dialog').getByRole('option').or(page.getByRole('dialog').locator('[data-command-item]')).first().waitFor();
    await keys('Enter');
  };
  const [late, lamp, thanks, twice, again] = ['Late parcel', 'Broken lamp', 'Thank you', 'Double charge', 'Charged again'].map((subject, at) => ({
    ...mail(`${subject} ${stamp}`, at < 3 ? `guest${at}.${stamp}` : `payer.${stamp}`, at),
  }));

  await stage.step('the desk is laid', async () => {
    await needEmailAccount(stage);
    const add = (path, body) => stage.api('POST', path, JSON.stringify(body), JSON_BODY);
    await add('/v1/users', { name: `Sam ${stamp}`, email: `sam.${stamp}@example.com`, password: `A long password ${stamp}`, role: 'agent' });
    await add('/v1/teams', { name: `Billing ${stamp}`, member_ids: [] });
    await add('/v1/canned-responses', {
      shortcut: `late${stamp}`,
      name: `Late ${stamp}`,
      text: 'Hello {{contact.first_name}},\n\nwe are sorry. It is on its way.',
    });
    await stage.visit('/inbox?view=open');
    for (const one of [late, lamp, thanks, twice, again]) {
      await stage.handIn(one);
      await stage.row(one.subject).waitFor();
    }
  });

  await stage.step('the oldest is opened, taken, tagged, and made urgent', async () => {
    await keys('j', 'j', 'j', 'j', 'j');
    await page.locator('[data-at=true]').filter({ hasText: late.subject }).waitFor();
    await keys('Enter');
    await title(late.subject).waitFor();
    await page.getByRole('article').first().waitFor();
    await keys('i');
    await page.getByText('Conversation assigned to you.').waitFor();
    await picker('t', 'Tags of this conversation', `Parcel ${stamp}`);
    await page.getByText(`tagged Parcel ${stamp}`).waitFor();
    await keys('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await picker('p', 'Priority of this conversation', 'urg');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await head.getByText('Urgent priority').waitFor();
    await head.getByText(`Parcel ${stamp}`, { exact: true }).waitFor();
  });

  await stage.step('a colleague is asked in a note', async () => {
    await keys('n');
    await page.getByRole('textbox', { name: 'Note' }).waitFor();
    await type(`@Sam ${stamp.slice(0, 6)}`);
    await page.getByRole('listbox', { name: 'People and teams' }).getByRole('option', { name: `Sam ${stamp}` }).waitFor();
    await stage.look('mention');
    await keys('Enter');
    await type('where is this one?');
    await keys('Control+Enter');
    await page.getByRole('article', { name: /^Note by/ }).getByText('where is this one?').waitFor();
  });

  await stage.step('a canned response is found by its word, and sent', async () => {
    await keys('r');
    await page.getByRole('textbox', { name: /^Reply to/ }).waitFor();
    await type(`/late${stamp}`);
    await page.getByRole('listbox', { name: 'Canned responses' }).getByRole('option', { name: `Late ${stamp}` }).waitFor();
    await stage.look('canned-response');
    await keys('Enter');
    await page.waitForFunction(() => /we are sorry/.test(document.activeElement?.value ?? ''));
    await keys('Control+Enter');
    await page.getByText(/^Sending to/).waitFor();
  });

  await stage.step('z calls it back, and everything is in the composer again', async () => {
    await keys('z');
    await page.waitForFunction(() => /we are sorry/.test(document.activeElement?.value ?? ''));
    await page.getByText(/was stopped before it left/).waitFor();
    await stage.look('called-back');
    await keys('Control+Enter');
    await page.getByText(/^Sending to/).waitFor();
    await page.getByRole('article').filter({ hasText: 'we are sorry' }).waitFor();
  });
  await stage.look('day-conversation');

  await stage.step('the next sleeps until tomorrow', async () => {
    await keys('g', 'o');
    await stage.row(lamp.subject).waitFor();
    await openByKeys(lamp);
    await picker('s', 'Snooze this conversation', 'tomor');
    await page.getByText(/Conversation snoozed until/).waitFor();
    await stage.row(lamp.subject).waitFor({ state: 'detached' });
    await keys('g', 'z');
    await stage.row(lamp.subject).waitFor();
  });
  await stage.look('snoozed');

  await stage.step('two are selected, resolved, and brought back', async () => {
    await keys('g', 'o');
    await stage.row(again.subject).waitFor();
    await keys('Escape');
    await markOn(again);
    await keys('x', 'j', 'X');
    await page.getByText('2 selected').waitFor();
    await stage.look('selected');
    await keys('e');
    await page.getByText('2 conversations resolved.').waitFor();
    await stage.row(again.subject).waitFor({ state: 'detached' });
    await keys('z');
    await stage.row(again.subject).waitFor();
    await stage.row(twice.subject).waitFor();
  });

  await stage.step('one is merged into the other, and taken apart again', async () => {
    await openByKeys(again);
    await picker('m', `Merge “${again.subject}” into`, twice.subject);
    await page.getByRole('dialog', { name: 'Merge the conversations?' }).waitFor();
    await stage.look('merge');
    await keys('Enter');
    await title(twice.subject).waitFor();
    await page.getByRole('article').nth(1).waitFor();
    await page.getByRole('button', { name: /^Undo: / }).first().waitFor();
    await stage.look('merged');
    await keys('z');
    await page.getByText('It is as it was before.').waitFor();
    await title(again.subject).waitFor();
  });

  await stage.step('it is given to a team, whose view has it', async () => {
    await picker('T', 'Give this conversation to a team', `Billing ${stamp}`);
    await head.getByText(`Billing ${stamp}`, { exact: true }).waitFor();
    await keys('Control+k');
    await type(`Billing ${stamp}`);
    await page.getByRole('option', { name: `Billing ${stamp}` }).or(page.getByRole('dialog').getByText(`Billing ${stamp}`, { exact: true })).first().waitFor();
    await keys('Enter');
    await page.waitForURL(/view=tem_/);
    await stage.row(again.subject).waitFor();
  });
  await stage.look('team');

  await stage.step('the morning is found by words and operators', async () => {
    await keys('/');
    await type(`tag:"Parcel ${stamp}" sorry`);
    await keys('Enter');
    await stage.row(late.subject).waitFor();
    await page.locator('mark').filter({ hasText: 'sorry' }).first().waitFor();
  });
  await stage.look('found');
  await stage.step('the search becomes a view', async () => {
    await keys('V');
    await page.getByRole('dialog').getByLabel('Name').waitFor();
    await type(`Parcels ${stamp}`);
    await keys('Enter');
    await page.getByText(`The view “Parcels ${stamp}” was saved.`).waitFor();
    await page.waitForURL(/view=viw_/);
    await stage.row(late.subject).waitFor();
  });
  await stage.step('the last is answered and resolved in one go', async () => {
    await keys('g', 'o');
    await stage.row(thanks.subject).waitFor();
    await openByKeys(thanks);
    await keys('r');
    await page.getByRole('textbox', { name: /^Reply to/ }).waitFor();
    await type('You are welcome.');
    await keys('Control+Shift+Enter');
    await page.getByText(/, and resolved/).waitFor();
    await stage.row(thanks.subject).waitFor({ state: 'detached' });
  });
  await stage.step('called back, it is open again with all its words', async () => {
    await keys('z');
    await title(thanks.subject).waitFor();
    await page.waitForFunction(() => document.activeElement?.value === 'You are welcome.');
    await stage.row(thanks.subject).waitFor();
    await keys('Control+Shift+Enter');
    await page.getByText(/, and resolved/).waitFor();
    await stage.row(thanks.subject).waitFor({ state: 'detached' });
  });
  await stage.step('the keys are listed as they are', async () => {
    await keys('?');
    await stage.dialog('Keys').getByText('Snooze…').waitFor();
    await stage.look('day-keys');
    await keys('Escape');
  });

  async function openByKeys(one) {
    await keys('Escape');
    await markOn(one);
    await keys('Enter');
    await title(one.subject).waitFor();
    await page.getByRole('article').first().waitFor();
  }

  /** Walks down until the mark stands on it. */
  async function markOn(one) {
    const mark = page.locator('[data-at=true]');
    for (let up = 0; up < 40; up++) await keys('k');
    for (let down = 0; down < 40; down++) {
      if (await mark.filter({ hasText: one.subject }).count()) return;
      await keys('j');
    }
    await mark.filter({ hasText: one.subject }).waitFor();
  }
}

const mail = (subject, who, at) =>
  letter({
    from: `${['Greta Lind', 'Omar Haddad', 'Aiko Tanaka', 'Paul Payer', 'Paul Payer'][at]} <${who}@mail.example.com>`,
    subject,
    id: `${subject.replaceAll(' ', '-')}@mail.example.com`,
    body: `Hello,\r\n\r\nthis is about: ${subject}.\r\n\r\nKind regards`,
  });
