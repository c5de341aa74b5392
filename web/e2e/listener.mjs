// A program that is told by webhook: remembers what it got, and answers as the story wants it to.

import { createServer } from 'node:http';

export async function startListener() {
  const got = [];
  const listener = { got, status: 200, body: '{"thanks":true}' };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      response.writeHead(listener.status, { 'Content-Type': 'application/json', 'X-Story': 'heard' }).end(listener.body);
    });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  listener.url = `http://127.0.0.1:${server.address().port}/hooks`;
  listener.stop = () => new Promise((stopped) => server.close(stopped).closeAllConnections());
  return listener;
}
