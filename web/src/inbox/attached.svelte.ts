// The files of a message or note in the making: each goes up as soon as it is added.

import type { DraftFile } from '../api/inbox';
import { Problem } from '../api/problem';
import { upload, type Sending } from '../api/upload';
import { refOf } from './draft';

/** What the server takes of one file. */
const LARGEST = 25 * 1024 * 1024;

export type Item = {
  key: number;
  filename: string;
  content_type: string;
  size: number;
  /** Null while it goes up, and when that failed. */
  ref: DraftFile | null;
  url: string | null;
  part: number;
  problem: string | null;
};

let next = 1;

export class Files {
  all = $state<Item[]>([]);
  #sendings = new Map<number, Sending>();
  #made: string[] = [];

  /** `changed`: called when a file is there or gone, so that the draft is saved. */
  constructor(private readonly changed: () => void) {}

  get busy(): boolean {
    return this.all.some((item) => item.ref === null && item.problem === null);
  }

  get refs(): DraftFile[] {
    return this.all.flatMap(({ ref, filename, size, content_type, url }) =>
      ref ? [{ ...ref, filename, size, content_type, url: url?.startsWith('blob:') ? undefined : (url ?? undefined) }] : [],
    );
  }

  add(list: Iterable<File>) {
    for (const file of list) void this.#add(file);
  }

  async #add(file: File) {
    const key = next++;
    const filename = file.name || `pasted.${file.type.split('/')[1] ?? 'bin'}`;
    const url = file.type.startsWith('image/') ? URL.createObjectURL(file) : null;
    if (url) this.#made.push(url);
    const problem = file.size > LARGEST ? 'Larger than 25 MB' : null;
    this.all.push({ key, filename, content_type: file.type || 'application/octet-stream', size: file.size, ref: null, url, part: 0, problem });
    if (problem) return;
    const sending = upload(file, filename, (part) => this.#set(key, { part }));
    this.#sendings.set(key, sending);
    try {
      const { id, url: stored } = await sending.done;
      this.#set(key, { ref: { upload_id: id }, part: 1, url: url ?? stored });
      this.changed();
    } catch (cause) {
      this.#set(key, { problem: Problem.of(cause).title });
    } finally {
      this.#sendings.delete(key);
    }
  }

  remove(key: number) {
    this.#sendings.get(key)?.stop();
    this.all = this.all.filter((item) => item.key !== key);
    this.changed();
  }

  /** What a draft has. */
  restore(files: DraftFile[]) {
    this.stop();
    this.all = files.map((file) => ({
      key: next++,
      filename: file.filename ?? 'file',
      content_type: file.content_type ?? 'application/octet-stream',
      size: file.size ?? 0,
      ref: refOf(file),
      url: file.url ?? null,
      part: 1,
      problem: null,
    }));
  }

  stop() {
    for (const sending of this.#sendings.values()) sending.stop();
    this.#sendings.clear();
  }

  /** Gives back what the previews hold; call when the page is left. */
  free() {
    this.stop();
    for (const url of this.#made.splice(0)) URL.revokeObjectURL(url);
  }

  #set(key: number, change: Partial<Item>) {
    const item = this.all.find((one) => one.key === key);
    if (item) Object.assign(item, change);
  }
}
