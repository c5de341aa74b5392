// Which question about conversations is open: to whom, which team, which tags, until when.

export type Question = 'assignee' | 'team' | 'tags' | 'priority' | 'snooze' | 'merge';

export const asking = $state<{ question: Question | null; ids: string[] }>({ question: null, ids: [] });

export function ask(question: Question, ids: string[]) {
  if (ids.length === 0) return;
  asking.question = question;
  asking.ids = ids;
}
