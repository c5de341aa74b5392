// A conversation of very many messages: only what is near the reader is drawn, nothing jumps when older ones come, and a
// link to one far back leads there. Then people are found behind `from:`.

import { letter } from '../letters.mjs';

const MANY = 200;

export async function longConversation(stage) {
  const { page, stamp } = stage;
  const box = page.getByRole('group', { name: 'Timeline' });
  const subject = `The long story ${stamp}`;
  const address = `lena.${stamp}@mail.example.com`;
  let id, oldest;

  /** The first message in sight, and where it is on the screen. */
  const inSight = () =>
    box.evaluate((outer) => {
      const edge = outer.getBoundingClientRect().top;
      const first = [...outer.querySelectorAll('article')].find((one) => one.getBoundingClientRect().bottom > edge + 5);
      return { id: first.id, y: first.getBoundingClientRect().top };
    });
  /** Where it is on the screen, once it has moved and stands still. */
  const whenStill = (item) =>
    page.locator(`#${item}`).evaluate(async (one) => {
      const place = () => one.getBoundingClientRect().top;
      for (let still = 0, last = NaN; still < 10; ) {
        await new Promise(requestAnimationFrame);
        still = place() === last ? still + 1 : 0;
        last = place();
      }
      return place();
    });
  const drawn = () => box.getByRole('article').count();
  const place = (item) => page.locator(`#${item}`).evaluate((one) => one.getBoundingClientRect().top);

  await stage.step(`somebody writes ${MANY} times`, async () => {
    const mails = Array.from({ length: MANY }, (_, at) =>
      letter({
        from: `Lena Long <${address}>`,
        subject: at === 0 ? subject : `Re: ${subject}`,
        id: `long-${at}-${stamp}@mail.example.com`,
        headers: at === 0 ? [] : [`In-Reply-To: <long-0-${stamp}@mail.example.com>`],
        type: `text/${at % 4 === 1 ? 'html' : 'plain'}; charset=utf-8`,
        body: `${at % 4 === 1 ? '<p>' : ''}Number ${at}. ${'One more thing that I forgot. '.repeat(1 + ((at * 7) % 40))}`,
      }),
    );
    await stage.visit('/inbox?view=open');
    await page.evaluate(
      async ([mails, from]) => {
        const me = await (await fetch('/v1/me')).json();
        const headers = { 'Content-Type': 'message/rfc822', 'X-Envelope-From': from, 'X-Envelope-To': 'support@example.com', 'X-CSRF-Token': me.csrf_token };
        for (const { raw } of mails) {
          const answer = await fetch('/v1/inbound/email', { method: 'POST', body: raw, headers });
          if (!answer.ok) throw new Error(await answer.text());
        }
      },
      [mails, address],
    );
    await stage.row(subject).click();
    await box.getByText(`Number ${MANY - 1}.`).waitFor();
    id = new URL(page.url()).pathname.split('/').at(-1);
    let cursor = '';
    do {
      const some = await stage.api('GET', `/v1/conversations/${id}/timeline?limit=200${cursor && `&cursor=${cursor}`}`);
      oldest = some.data.find((item) => item.type === 'message').message.id;
      cursor = some.next_cursor;
    } while (cursor);
  });

  await stage.step('older ones come while one scrolls, and nothing jumps', async () => {
    await box.hover();
    const up = 250;
    for (let turn = 0; turn < 400; turn++) {
      const before = await inSight();
      const top = await box.evaluate((outer) => outer.scrollTop);
      if (top < up) {
        if ((await page.getByRole('button', { name: 'Show what came before' }).count()) === 0) break;
        // At the upper edge until the next ones are there.
        await page.waitForFunction((was) => document.querySelector('[aria-label=Timeline]').scrollTop > was, top);
        if (Math.abs((await place(before.id)) - before.y) > 2) throw new Error(`what was read moved from ${before.y} to ${await place(before.id)}`);
        continue;
      }
      await page.mouse.wheel(0, -up);
      // What comes in the middle of a wheel's movement may end it early; it never moves more, or back.
      const moved = (await whenStill(before.id)) - before.y;
      if (moved < -2 || moved > up + 2) throw new Error(`what was read moved by ${moved} instead of ${up}`);
      if ((await drawn()) > 150) throw new Error(`${await drawn()} messages are drawn`);
    }
    await box.getByText('Number 0.').waitFor();
  });
  await stage.look('long-conversation');

  await stage.step('the newest is one press away', async () => {
    await page.getByRole('button', { name: 'Newest' }).click();
    await box.getByText(`Number ${MANY - 1}.`).waitFor();
    if ((await drawn()) > 60) throw new Error(`${await drawn()} messages are drawn`);
  });

  await stage.step('a link to a message far back leads there', async () => {
    await stage.visit(`/inbox/${id}?message=${oldest}`);
    await page.locator(`#item-${oldest}:focus`).waitFor();
    await box.getByText('Number 0.').waitFor();
  });

  await stage.step('people are offered behind from:, by keys alone', async () => {
    await stage.visit('/inbox?view=open');
    await stage.row(subject).waitFor();
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Search conversations' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.type(`from:lena.${stamp}`);
    const offer = page.getByRole('option', { name: `from:${address}` });
    await offer.waitFor();
    await stage.look('search-people');
    await page.keyboard.press('ArrowDown');
    await page.locator('[role=option][aria-selected=true]').filter({ hasText: address }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await stage.row(subject).waitFor();
  });
}
