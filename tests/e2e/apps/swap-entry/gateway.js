'use strict';

const http = require('http');

const routes = { '/': 'gateway\n', '/status': JSON.stringify({ backend: process.env.BACKEND || null }) };

http
  .createServer((request, response) => {
    const found = routes[request.url];
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/plain' });
    response.end(found || 'nothing here\n');
  })
  .listen(4000, () => console.log('the gateway is open'));

process.on('SIGTERM', () => process.exit(0));
