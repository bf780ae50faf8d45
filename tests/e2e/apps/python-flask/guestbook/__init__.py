"""A guest book: pages by jinja, entries kept in memory."""

from __future__ import annotations

import os

from flask import Flask, abort, jsonify, render_template, request

from .filters import to_html

ENTRIES = [
    {"id": 1, "name": "Ada", "text": "The engine **weaves** patterns."},
    {"id": 2, "name": "Grace", "text": "It is easier to ask forgiveness."},
]


def create_app() -> Flask:
    """The application, as gunicorn starts it."""
    app = Flask(__name__)
    app.config["TITLE"] = os.environ.get("TITLE", "Guest book")
    app.add_template_filter(to_html, "markdown")

    @app.get("/")
    def index() -> str:
        return render_template("index.html", title=app.config["TITLE"], entries=ENTRIES)

    @app.get("/entries/<int:number>")
    def entry(number: int) -> str:
        found = next((each for each in ENTRIES if each["id"] == number), None)
        if found is None:
            abort(404)
        return render_template("entry.html", title=app.config["TITLE"], entry=found)

    @app.get("/api/entries")
    def entries():
        name = request.args.get("name")
        return jsonify([each for each in ENTRIES if name in (None, each["name"])])

    @app.get("/healthz")
    def health() -> tuple[str, int]:
        return "ok\n", 200

    return app
