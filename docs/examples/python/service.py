"""A service with a store behind it, or the store itself: `service.py PORT`."""

import http.server
import json
import os
import sys
import urllib.error
import urllib.request

STORE = os.environ.get("STORE")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            return self.reply(200, {"name": os.environ["NAME"]})
        if self.path == "/circuits":
            return self.reply(200, {"store": "closed"})
        if STORE is None:
            return self.reply(200, {"items": ["phone", "desk"]})
        try:
            with urllib.request.urlopen(STORE + self.path, timeout=1) as answer:
                return self.reply(200, json.load(answer))
        except (OSError, ValueError):
            return self.reply(503, {"error": "the store can't be reached"})

    def reply(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
