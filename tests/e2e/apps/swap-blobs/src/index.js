import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';

const blob = (text) => execFileSync('git', ['hash-object', '--stdin'], { input: text, encoding: 'utf8' });

createServer((request, response) => {
  const text = new URL(request.url, 'http://localhost').searchParams.get('text');
  if (text === null) {
    response.end('ask for ?text=…\n');
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  response.end(blob(text));
}).listen(8080);

process.on('SIGTERM', () => process.exit(0));
