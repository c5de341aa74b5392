// Keeps what is being written on the server, about a second after the last key, and tells when another window did too.

import type { Draft, DraftContent, DraftKind } from '../api/inbox';
import { drafts } from '../api/inboxCalls';
import { Problem } from '../api/problem';
import { alike, isWorthKeeping, refOf } from './draft';

const PAUSE = 900;

type Where = { conversation_id?: string; kind: DraftKind };

export class Keeper {
  state = $state<'none' | 'waiting' | 'saving' | 'saved' | 'failed'>('none');
  /** What another window saved meanwhile; a person says which of the two stays. */
  other = $state.raw<Draft | null>(null);
  draft: Draft | null = null;
  /** When this last began or ended to tell the server something: an answer asked for before may be older than that. */
  touched = 0;
  #content: DraftContent = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();
  #over = false;

  constructor(private readonly where: () => Where) {}

  /** A draft that the server has: what is saved from now on replaces it. */
  adopt(draft: Draft) {
    this.draft = draft;
    this.#content = draft.content;
    this.other = null;
    this.state = 'saved';
  }

  get unsaved(): boolean {
    return this.state === 'waiting' || this.state === 'saving' || this.state === 'failed';
  }

  changed(content: DraftContent) {
    if (this.#over || alike(content, this.#content)) return;
    if (!this.draft && !isWorthKeeping(content)) return this.#forget(content);
    this.#content = content;
    this.state = 'waiting';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE);
  }

  /** Saves what waits or could not be saved, at once. `leaving`: the page may be gone before the answer. */
  flush(leaving = false): Promise<void> {
    const waits = this.state === 'waiting' || (this.state === 'failed' && !this.other);
    if (!waits) return this.#running;
    this.state = 'waiting';
    clearTimeout(this.#timer);
    this.#running = this.#running.then(() => this.#save(leaving));
    return this.#running;
  }

  /** Sent or thrown away: there is no draft any more, also if one was on its way. */
  async end() {
    this.#over = true;
    this.touched = Date.now();
    clearTimeout(this.#timer);
    await this.#running;
    const draft = this.draft;
    this.#forget({});
    this.draft = null;
    this.other = null;
    this.#over = false;
    if (draft) await drafts.remove(draft.id).catch(() => {});
    this.touched = Date.now();
  }

  /** Sent or thrown away in another window. */
  lost() {
    this.draft = null;
    this.#forget({});
  }

  /** What is written here stays, over what the other window saved. */
  keepMine() {
    if (!this.other) return;
    this.draft = this.other;
    this.other = null;
    this.state = 'waiting';
    void this.flush();
  }

  async #save(leaving: boolean) {
    const content = this.#content;
    this.state = 'saving';
    this.touched = Date.now();
    try {
      const sent = { ...content, attachments: content.attachments?.map(refOf) };
      this.draft = this.draft
        ? await drafts.save(this.draft.id, sent, this.draft.updated_at, leaving)
        : await drafts.add({ ...this.where(), content: sent }, leaving);
      if (this.state === 'saving') this.state = 'saved';
    } catch (cause) {
      await this.#refused(Problem.of(cause), content);
    } finally {
      this.touched = Date.now();
    }
  }

  async #refused(problem: Problem, content: DraftContent) {
    this.state = 'failed';
    if (problem.code === 'draft_changed') {
      const found = (await drafts.list(this.where().conversation_id).catch(() => null))?.data ?? [];
      this.other = found.find(({ id }) => id === this.draft?.id) ?? null;
    } else if (problem.status === 404 && this.draft) {
      // Sent or thrown away in another window, but somebody still writes here.
      this.draft = null;
      this.#content = {};
      this.changed(content);
    }
  }

  #forget(content: DraftContent) {
    clearTimeout(this.#timer);
    this.#content = content;
    this.state = 'none';
  }
}
