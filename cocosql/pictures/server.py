"""A live page on 127.0.0.1: for who has the token, and for no other page in the browser."""

import hmac
import secrets
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cocosql.pictures.html import in_script, page
from cocosql.pictures.live import Live

HOST = "127.0.0.1"
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Server(ThreadingHTTPServer):
    """Serves a file's page until it is shut down."""

    daemon_threads = True

    def __init__(self, live: Live, port: int = 0) -> None:
        """Listen on a port of the loopback interface; 0 takes one that is free.

        Raises:
            OSError: if the port is taken.
        """
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise OSError(f"cannot listen on port {port} of {HOST}: {error}") from None
        self.live = live
        self.token = secrets.token_urlsafe(32)

    @property
    def url(self) -> str:
        """The address, with the token that gives leave to read."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "cocosql", ""
    timeout = 60

    def do_GET(self) -> None:
        try:
            url = urlsplit(self.path)
        except ValueError:  # a host in brackets that are not closed, and the like
            self._answer(HTTPStatus.BAD_REQUEST, "text/plain", "this is no address\n")
            return
        query = parse_qs(url.query)
        refusal = self._refusal(query.get("token", [""])[-1])
        if refusal:
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", refusal)
        elif url.path == "/":
            data, _ = self.server.live.now()
            self._answer(HTTPStatus.OK, "text/html", page(data, is_live=True))
        elif url.path == "/data":
            self._answer(HTTPStatus.OK, "application/json", self._news(query.get("since", [""])[-1]))
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", "there is only one page\n")

    def _refusal(self, token: str) -> str | None:
        """Why a request is refused, if it is: other pages of the browser can send some, also under other names."""
        hosts = [f"{name}:{self.server.server_port}" for name in (HOST, "localhost")]
        origin = self.headers.get("Origin")
        if self.headers.get_all("Host", []) not in [[host] for host in hosts]:
            return "the host is another\n"
        if origin is not None and origin not in [f"http://{host}" for host in hosts]:
            return "the origin is another\n"
        is_opened = self.headers.get("Sec-Fetch-Mode") == "navigate"
        if not is_opened and self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return "another page asks\n"
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            return "the token is another: open the address that `cocosql show --serve` has printed\n"
        return None

    def _news(self, since: str) -> str:
        """What there is beside the state that the page has."""
        data, problem = self.server.live.now()
        return in_script({"problem": problem, "data": None if data["state"] == since else data})

    def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        sent = {**_HEADERS, "Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in sent.items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # the page may have been closed meanwhile
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is logged: addresses have the token."""
