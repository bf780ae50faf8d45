import path from 'node:path';
import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import Fastify from 'fastify';

import { mean, readings } from './readings.js';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const server = Fastify({ logger: true });

server.register(fastifyStatic, { root: path.join(root, 'public') });

server.get('/api/readings', async () => readings);

server.get<{ Params: { station: string } }>('/api/readings/:station', async (request, reply) => {
  const found = readings.find((reading) => reading.station === request.params.station);
  return found ?? reply.code(404).send({ error: 'no such station' });
});

server.get('/api/mean', async () => ({
  celsius: mean(readings.map((reading) => reading.celsius)),
  hectopascals: mean(readings.map((reading) => reading.hectopascals)),
}));

server.get('/api/status', async () => ({
  station: 'weather',
  uptime: process.uptime(),
  now: new Date().toISOString(),
}));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await server.close();
    process.exit(0);
  });
}

await server.listen({ host: '0.0.0.0', port: Number(process.env.PORT ?? 3000) });
