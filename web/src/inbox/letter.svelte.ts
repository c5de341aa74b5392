// What is being written in a conversation: an answer to one or all, a forward, or a note. The letter and the note are two
// drafts, so that one can be left for the other.

import type { Draft, DraftContent } from '../api/inbox';
import type { Address, Conversation, Message } from '../api/types';
import { Files } from './attached.svelte';
import { Keeper } from './keeper.svelte';
import { answerAll, answerTo, forwarded, ownAmong, readAll, spelledOut } from './recipients';

export type Mode = 'reply' | 'all' | 'forward' | 'note';

export class Letter {
  to = $state.raw<Address[]>([]);
  cc = $state.raw<Address[]>([]);
  bcc = $state.raw<Address[]>([]);
  subject = $state('');
  text = $state('');
  account = $state<string | null>(null);
  inReplyTo: string | null = null;
  forwardOf = $state<string | null>(null);
  readonly files: Files;
  readonly keeper: Keeper;

  constructor(
    readonly conversation: string,
    readonly isNote: boolean,
  ) {
    this.files = new Files(() => this.save());
    this.keeper = new Keeper(() => ({
      conversation_id: conversation,
      kind: isNote ? 'note' : this.forwardOf ? 'forward' : 'reply',
    }));
  }

  get content(): DraftContent {
    const { text } = this;
    const attachments = this.files.refs;
    if (this.isNote) return { text, attachments };
    return {
      to: this.to.map(spelledOut),
      cc: this.cc.map(spelledOut),
      bcc: this.bcc.map(spelledOut),
      subject: this.subject || null,
      text,
      attachments,
      in_reply_to: this.inReplyTo,
      forward_of: this.forwardOf,
      account: this.account,
    };
  }

  get isEmpty(): boolean {
    return this.text.trim() === '' && this.files.all.length === 0;
  }

  save() {
    this.keeper.changed(this.content);
  }

  restore(draft: Draft) {
    this.put(draft.content);
    this.keeper.adopt(draft);
  }

  /** What the server had of it when it was asked at that moment. Returns whether that was taken over. */
  meet(found: Draft | undefined, asked: number): boolean {
    const { keeper } = this;
    // An answer that crossed a save of ours on its way tells what was before it.
    if (keeper.unsaved || keeper.other || keeper.touched >= asked) return false;
    if (found && found.updated_at > (keeper.draft?.updated_at ?? '')) {
      this.restore(found);
      return true;
    }
    if (!found && keeper.draft) {
      this.put({});
      keeper.lost();
    }
    return false;
  }

  /** A message that was called back. What was begun since stays, below it. */
  takeBack(content: DraftContent) {
    const since = this.isEmpty ? null : this.content;
    this.put({
      ...content,
      text: [content.text, since?.text].filter((text) => text?.trim()).join('\n\n'),
      attachments: [...(content.attachments ?? []), ...(since?.attachments ?? [])],
    });
    this.save();
  }

  put(content: DraftContent) {
    this.to = readAll(content.to);
    this.cc = readAll(content.cc);
    this.bcc = readAll(content.bcc);
    this.subject = content.subject ?? '';
    this.text = content.text ?? '';
    this.account = content.account ?? null;
    this.inReplyTo = content.in_reply_to ?? null;
    this.forwardOf = content.forward_of ?? null;
    this.files.restore(content.attachments ?? []);
  }

  /** Fills in who gets it. Text and files stay. */
  address(mode: Mode, message: Message | null, conversation: Conversation | null, own: string[]) {
    this.forwardOf = mode === 'forward' ? (message?.id ?? null) : null;
    this.inReplyTo = mode === 'forward' ? null : (message?.id ?? null);
    this.bcc = [];
    this.subject = mode === 'forward' ? forwarded(message?.subject || conversation?.subject || '') : '';
    const contact = conversation?.contact;
    const fallback = contact?.address ? [{ name: contact.name, address: contact.address }] : [];
    const { to, cc } = !message ? { to: fallback, cc: [] } : mode === 'all' ? answerAll(message, ownAmong(own)) : answerTo(message);
    this.to = mode === 'forward' ? [] : to.length > 0 ? to : fallback;
    this.cc = mode === 'forward' ? [] : cc;
  }

  async clear() {
    this.put({});
    await this.keeper.end();
  }

  leave() {
    void this.keeper.flush(true);
    this.files.free();
  }
}
