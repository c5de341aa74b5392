// Sends a letter, and takes it back while that is possible.

import { messages } from '../api/calls';
import type { DraftContent } from '../api/inbox';
import { inbox } from '../api/inboxCalls';
import type { Conversation, Message, NewMessage } from '../api/types';
import { directory } from '../frame/directory.svelte';
import { complain, notify, notifyUntil } from '../frame/notices.svelte';
import { nameOf } from '../parts/words';
import { go } from '../router/router.svelte';
import { toConversation } from './paths';
import { comeBack } from './comeBack.svelte';
import { refOf } from './draft';
import { readAll, spelledOut } from './recipients';
import type { Sending } from './sending';
import { told } from './snooze';

export type Post = {
  conversation: Conversation;
  content: DraftContent;
  resolve: boolean;
  sendAt: string | null;
  /** The newest message that its writer has seen; null sends whatever came in between. */
  expected: string | null;
};

export function requestFor({ conversation, content, resolve, sendAt, expected }: Post): NewMessage {
  const some = <T>(list: T[] | undefined) => (list && list.length > 0 ? list : undefined);
  return {
    channel: conversation.channel,
    conversation_id: conversation.id,
    to: some(readAll(content.to).map(spelledOut)),
    cc: some(readAll(content.cc).map(spelledOut)),
    bcc: some(readAll(content.bcc).map(spelledOut)),
    subject: content.subject || undefined,
    text: content.text ?? '',
    attachments: some(content.attachments?.map(refOf)),
    in_reply_to: content.in_reply_to ?? undefined,
    forward_of: content.forward_of ?? undefined,
    account: content.account ?? undefined,
    send_at: sendAt ?? undefined,
    delay_seconds: sendAt || directory.undoSeconds === 0 ? undefined : directory.undoSeconds,
    expected_last_message_id: expected ?? undefined,
    resolve: resolve || undefined,
  };
}

/** Ends when the server has it. The notice that follows can take it back. */
export async function post(sending: Sending, letter: Post): Promise<string> {
  const accepted = await sending.send(requestFor(letter));
  const { conversation, content, resolve, sendAt } = letter;
  const take = () => void takeBack(accepted.id, conversation, content, resolve);
  const [first, ...others] = readAll(content.to);
  const whom = `${nameOf(first)}${others.length > 0 ? ` and ${others.length} more` : ''}`;
  const after = resolve ? ', and resolved' : '';
  if (sendAt) notify(`To be sent ${told(new Date(sendAt), new Date())}${after}.`, take);
  else if (directory.undoSeconds > 0) notifyUntil(`Sending to ${whom}${after}.`, Date.now() + directory.undoSeconds * 1000, take);
  return accepted.id;
}

/** Stops the message, and puts everything back into the composer. */
async function takeBack(id: string, conversation: Conversation, content: DraftContent, resolved: boolean) {
  try {
    await messages.cancel(id);
  } catch (cause) {
    return complain('It was too late to undo: the message had left', cause, '');
  }
  if (resolved && conversation.state !== 'resolved' && conversation.state !== 'merged') {
    await inbox.change(conversation.id, { state: conversation.state }).catch(() => {});
  }
  giveBack(conversation.id, content);
}

/** A message that waits for its time: stopped, and opened for changing. */
export async function changeScheduled(message: Message) {
  try {
    await messages.cancel(message.id);
  } catch (cause) {
    return complain('The message was not stopped', cause);
  }
  giveBack(message.conversation_id, {
    to: message.to.map(spelledOut),
    cc: message.cc.map(spelledOut),
    bcc: message.bcc.map(spelledOut),
    subject: message.subject,
    text: message.text ?? '',
    in_reply_to: message.in_reply_to,
    attachments: message.attachments.map((file) => ({
      message_id: message.id,
      attachment_id: file.id,
      filename: file.filename,
      size: file.size,
      content_type: file.content_type,
      url: file.url,
    })),
  });
}

function giveBack(conversation: string, content: DraftContent) {
  comeBack.with = { conversation, content };
  go(toConversation(conversation));
}
