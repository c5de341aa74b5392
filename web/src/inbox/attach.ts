// Files for a message: read into what the API takes.

import type { NewAttachment } from '../api/types';

export async function read(file: File): Promise<NewAttachment> {
  const address = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return {
    filename: file.name || 'pasted',
    content_type: file.type || undefined,
    content_base64: address.slice(address.indexOf(',') + 1),
  };
}

/** Bytes of the file that the base64 text stands for. */
export function sizeOf(attachment: NewAttachment): number {
  const text = attachment.content_base64;
  return (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
}
