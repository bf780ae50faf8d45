import "./regatta.css";

const places = await (await fetch("/api/places")).json();
document.querySelector("#places").innerHTML = places.map((name) => `<li>${name}</li>`).join("");
