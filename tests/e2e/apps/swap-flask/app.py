"""Turns temperatures into one another."""

from flask import Flask, jsonify, render_template_string, request

app = Flask(__name__)
PAGE = "<!doctype html><title>Degrees</title><h1>{{ celsius }} degrees Celsius are {{ fahrenheit }} Fahrenheit</h1>\n"


def fahrenheit(celsius):
    return round(celsius * 9 / 5 + 32, 1)


@app.get("/")
def page():
    celsius = request.args.get("celsius", 20.0, type=float)
    return render_template_string(PAGE, celsius=celsius, fahrenheit=fahrenheit(celsius))


@app.get("/api/<float(signed=True):celsius>")
def convert(celsius):
    return jsonify(celsius=celsius, fahrenheit=fahrenheit(celsius))


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
