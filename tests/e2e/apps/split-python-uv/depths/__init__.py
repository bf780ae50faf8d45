"""Depths of a lake, by where they were measured."""

import bottle

PLACES = {"pier": 2.5, "bay": 11.0, "middle": 63.5}

app = bottle.Bottle()


@app.get("/")
def index():
    """All of them."""
    return PLACES


@app.get("/<place>")
def one(place):
    """One of them."""
    if place not in PLACES:
        bottle.abort(404, "not measured")
    return {"metres": PLACES[place]}
