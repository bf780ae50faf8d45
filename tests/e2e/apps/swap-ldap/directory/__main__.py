"""Takes names of a directory apart, with the extension module of python-ldap."""

import json
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import ldap
import ldap.dn
import ldap.filter

EXAMPLE = "uid=ada,ou=people,dc=example,dc=com"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked = parse_qs(urlsplit(self.path).query)
        name = asked.get("name", [EXAMPLE])[0]
        try:
            status, answer = 200, {"parts": ldap.dn.explode_dn(name), "version": ldap.VENDOR_VERSION}
        except ldap.DECODING_ERROR:
            status, answer = 400, {"error": f"not a name: {ldap.filter.escape_filter_chars(name)}"}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer(("", 8000), Handler).serve_forever()
