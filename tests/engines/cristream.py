# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Kubernetes' streaming server speaks: channels in a WebSocket (RFC 6455), the first byte of each message is
the channel's number. Of exec and attach: 0 standard input, 1 output, 2 errors, 3 how it ended (JSON), 4 the
terminal's size (JSON). Of a forwarded port: 0 data, 1 errors, each first with the port's number."""
import base64
import json
import os
import select
import socket
import struct
import sys
import time
from urllib.parse import urlparse

STDIN, STDOUT, STDERR, STATUS, SIZE = range(5)
PATIENCE = 240
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


class Stream:
    def __init__(self, url):
        place = urlparse(url)
        self.deadline = time.monotonic() + PATIENCE
        self.socket = socket.create_connection((place.hostname, place.port), timeout=PATIENCE)
        self.socket.sendall(
            f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n".encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.fill()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.splitlines()[0]:
            sys.exit(f"cri.py: {head.decode()} {self.data.decode()}")

    def fill(self):
        if not select.select([self.socket], [], [], max(0, self.deadline - time.monotonic()))[0]:
            sys.exit(f"cri.py: the stream is silent for {PATIENCE} s")
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.data += data

    def take(self, size):
        while len(self.data) < size:
            self.fill()
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def message(self):
        """The next one as (channel, bytes); EOFError when there is none."""
        kind, size = self.take(2)
        if size == 126:
            size = struct.unpack("!H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.take(8))[0]
        body = self.take(size)
        if kind & 15 == CLOSE:
            raise EOFError
        if kind & 15 == PING:
            self.frame(PONG, body)
        return (body[0], body[1:]) if kind & 15 == BINARY and body else (None, b"")

    def frame(self, kind, body):
        # What a client sends is masked, and with zeros it stays as it is.
        size = len(body)
        head = struct.pack("!BB", 128 | kind, 128 | size) if size < 126 else struct.pack("!BBH", 128 | kind, 128 | 126, size)
        self.socket.sendall(head + bytes(4) + body)

    def send(self, channel, body):
        self.frame(BINARY, bytes([channel]) + body)


def ended(status):
    """The exit status in the words of channel 3."""
    if status.get("status") == "Success":
        return 0
    for cause in status.get("details", {}).get("causes", []):
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    print("cri.py:", status.get("message"), file=sys.stderr)
    return 255


def talk(url, typed, size):
    """exec or attach: sends what is typed, prints what comes. The exit status, 0 where none is told."""
    stream, status = Stream(url), 0
    if size:
        stream.send(SIZE, json.dumps({"Width": size[0], "Height": size[1]}).encode())
    if typed:
        stream.send(STDIN, typed)
    try:
        while True:
            channel, body = stream.message()
            if channel in (STDOUT, STDERR):
                os.write(channel, body)
            elif channel == STATUS and body:
                status = ended(json.loads(body))
    except EOFError:
        return status


def forward(url, typed):
    """One connection to a port of the pod: sends that, prints what comes until the other side shuts it."""
    stream, numbers = Stream(url), 0
    try:
        while numbers < 2:
            numbers += stream.message()[0] in (0, 1)
        stream.send(0, typed)
        while True:
            channel, body = stream.message()
            if channel is not None:
                os.write(2 if channel else 1, body)
                if channel:
                    return 1
    except EOFError:
        return 0
