// A server on the loopback that remembers every path it is asked for.

import { createServer } from 'node:http';

export async function openTrap() {
  const seen = [];
  const waiting = new Map();
  const server = createServer((request, answer) => {
    seen.push(request.url);
    waiting.get(request.url)?.();
    answer.writeHead(204).end();
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    seen,
    next: (path) =>
      new Promise((asked, never) => {
        waiting.set(path, asked);
        setTimeout(never, 20_000, new Error(`${path} was never asked for`)).unref();
      }),
    close: () => (server.closeAllConnections(), server.close()),
  };
}
