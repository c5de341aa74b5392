// What working in the inbox needs beside conversations and messages: changes to many, drafts, presence and search.

import type { components } from './schema';
import type { Conversation, Whole } from './types';

type Schemas = components['schemas'];

export type TagRef = Whole<Schemas['TagBrief']>;
export type Priority = Schemas['Priority'];

/** `snoozed` without a time sleeps until the contact writes. */
export type ConversationChange = Schemas['ConversationChange'];
export type Rearranged = Whole<Schemas['Rearranged']>;

export type Draft = Whole<Schemas['Draft']>;
/** Not whole: what is not there yet is left out. */
export type DraftContent = Schemas['DraftContent'];
export type DraftFile = Schemas['DraftFile'];
export type DraftKind = Schemas['DraftKind'];

export type Doing = Schemas['Doing'];
export type Present = Whole<Schemas['PresentPerson']>;
/** Not in the description: the stream says it, and nobody can ask for it. */
export type PresenceWord = { conversation_id: string; people: Present[] };

export type Snippet = Whole<Schemas['SnippetPiece']>[];
export type SearchHit = Omit<Whole<Schemas['SearchResult']>, 'conversation'> & { conversation: Conversation };
export type Understood = Whole<Schemas['SearchUnderstood']>;
