import http from "node:http";
import { greeting } from "greeting";

const server = http.createServer((request, response) => response.end(`${greeting}\n`));
process.on("SIGTERM", () => process.exit(0));
server.listen(8080, () => console.log("listening"));
