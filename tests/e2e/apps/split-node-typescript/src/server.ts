import fastify from "fastify";

import { lift, type Kite } from "./kites";

const KITES: Record<string, Kite> = {
  delta: { area: 1.4, angle: 32 },
  sled: { area: 0.9, angle: 48 },
};

const server = fastify();

server.get("/", async () => Object.keys(KITES));

server.get<{ Params: { name: string }; Querystring: { wind?: string } }>("/kites/:name", async (request, reply) => {
  const kite = KITES[request.params.name];
  if (!kite) {
    return reply.code(404).send({ error: "no such kite" });
  }
  return { newtons: lift(kite, Number(request.query.wind ?? 5)) };
});

server.listen({ host: "0.0.0.0", port: 3000 });
