// What every chapter of the story plays on: the page, timed steps, and looks with screenshots and axe.

import { join } from 'node:path';
import { violations } from './browser.mjs';

const LOOKS = [
  { look: 'light', colorScheme: 'light', size: { width: 1360, height: 850 } },
  { look: 'dark', colorScheme: 'dark', size: { width: 1360, height: 850 } },
  { look: 'phone', colorScheme: 'light', size: { width: 375, height: 740 } },
];

export class Stage {
  steps = [];
  problems = [];

  constructor(page, options) {
    this.page = page;
    this.options = options;
    this.base = options.base.replace(/\/$/, '');
    /** In names and subjects, so that a second story on the same server tells its own things from the first's. */
    this.stamp = new Date().toISOString().replace(/\D/g, '').slice(4, 14);
  }

  async step(name, act) {
    const started = performance.now();
    await act();
    const milliseconds = Math.round(performance.now() - started);
    this.steps.push({ name, milliseconds });
    console.log(`${String(milliseconds).padStart(6)} ms  ${name}`);
  }

  /** Screenshots and axe, in the three looks that must hold. */
  async look(name) {
    const { page } = this;
    for (const one of LOOKS) {
      await page.emulateMedia({ colorScheme: one.colorScheme });
      await page.setViewportSize(one.size);
      await this.settled();
      await page.screenshot({ path: join(this.options.out, `${name}-${one.look}.png`) });
      for (const violation of await violations(page)) this.problems.push(`${name} ${one.look}: ${violation}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (width > 1) this.problems.push(`${name} ${one.look}: ${width} px too wide`);
    }
    await page.emulateMedia({ colorScheme: LOOKS[0].colorScheme });
    await page.setViewportSize(LOOKS[0].size);
  }

  /** Nothing is loading, moving or waiting to be drawn. */
  async settled() {
    await this.page.getByText('Loading', { exact: true }).first().waitFor({ state: 'detached' });
    await this.page.evaluate(async () => {
      const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
      await document.fonts.ready;
      await frame();
      // Asked again with each frame: the promise of an animation whose element left the page may stay open for ever.
      const moves = (one) => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity;
      while (document.getAnimations().some(moves)) await frame();
      await frame();
    });
  }

  async visit(path) {
    await this.page.goto(`${this.base}/app${path}`);
    await this.page.getByRole('navigation', { name: 'Pages' }).waitFor();
    await this.settled();
  }

  /** Asks the API as the person who is signed in. */
  api(method, path, body, headers = {}) {
    return this.page.evaluate(
      async ({ method, path, body, headers }) => {
        const me = await (await fetch('/v1/me')).json();
        const answer = await fetch(path, { method, body, headers: { ...headers, 'X-CSRF-Token': me.csrf_token } });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
        return text ? JSON.parse(text) : null;
      },
      { method, path, body, headers },
    );
  }

  /** Hands in a mail as it would have come. */
  handIn({ from, raw }) {
    return this.api('POST', '/v1/inbound/email', raw, {
      'Content-Type': 'message/rfc822',
      'X-Envelope-From': from,
      'X-Envelope-To': 'support@example.com',
    });
  }

  rows() {
    return this.page.getByRole('list', { name: 'Conversations' }).getByRole('link');
  }

  row(text) {
    return this.rows().filter({ hasText: text }).first();
  }

  dialog(name) {
    return this.page.getByRole('dialog', { name });
  }

  /** The newest message's way into its delivery timeline. */
  delivery() {
    return this.page.getByRole('button', { name: /^Delivery:/ }).last();
  }

  async waitForSent() {
    await this.delivery().filter({ hasText: /\b(Sent|Delivered|Read)\b/ }).waitFor();
  }
}
