import express from "express";

const app = express();
app.get("/api/places", (request, response) => response.json(["Vega", "Altair", "Deneb"]));
app.use(express.static("dist"));
app.get("*", (request, response) => response.sendFile("dist/index.html", { root: process.cwd() }));
app.listen(3000, () => console.log("ready"));
