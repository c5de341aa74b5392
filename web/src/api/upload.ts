// Sends a file while saying how far it is: `fetch` cannot tell.

import type { Upload } from './types';
import { addressOf, csrfHeader, newKey } from './client';
import { Problem } from './problem';
import type { ProblemBody } from './types';

export type Sending = { done: Promise<Upload>; stop: () => void };

/** `told`: gets the part that has been sent, from 0 to 1. */
export function upload(file: Blob, filename: string, told: (part: number) => void): Sending {
  const request = new XMLHttpRequest();
  const done = new Promise<Upload>((resolve, reject) => {
    request.open('POST', addressOf('/v1/uploads', { query: { filename } }));
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.setRequestHeader('Idempotency-Key', newKey());
    for (const [name, value] of Object.entries(csrfHeader())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as Upload);
      else reject(new Problem(request.status, problemIn(request.responseText)));
    };
    request.onerror = () => reject(Problem.of(null));
    request.onabort = () => reject(new Problem(0, { title: 'Stopped', code: 'stopped' }));
    request.send(file);
  });
  return { done, stop: () => request.abort() };
}

function problemIn(text: string): ProblemBody {
  try {
    return JSON.parse(text) as ProblemBody;
  } catch {
    return {};
  }
}
