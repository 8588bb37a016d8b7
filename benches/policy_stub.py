"""The smallest policy server that Python's own library makes: what `whodunit serve` is measured against."""
import socketserver
import sys


class Policy(socketserver.StreamRequestHandler):
    def handle(self):
        address = b""
        for line in self.rfile:
            if line == b"\n":
                blocked = address.startswith(b"203.0.113.")
                self.wfile.write(b"action=REJECT no\n\n" if blocked else b"action=DUNNO\n\n")
            elif line.startswith(b"client_address="):
                address = line[15:-1]


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Policy).serve_forever()
