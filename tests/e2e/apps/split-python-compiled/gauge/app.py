"""Tells how a driver for PostgreSQL that was compiled here reads and writes values; there is no database."""

import psycopg2
import psycopg2.extensions
from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/")
def index():
    """What the driver was built against."""
    return jsonify(driver=psycopg2.__version__.split(" ")[0], libpq=psycopg2.extensions.libpq_version() >= 90000)


@app.get("/quoted/<text>")
def quoted(text):
    """A text as it would stand in a query."""
    value = psycopg2.extensions.QuotedString(text)
    return value.getquoted().decode()


@app.get("/array/<text>")
def array(text):
    """The elements of a literal array."""
    values = psycopg2.extensions.STRINGARRAY("{" + text + "}", None)
    return jsonify(values)
