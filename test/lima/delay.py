#!/usr/bin/python3
"""delay.py QUEUE MS: lets packets of an NFQUEUE go on MS later, for kernels without netem. Without this process they are not delayed."""
import heapq
import select
import signal
import socket
import struct
import sys
import time

QUEUE, DELAY = int(sys.argv[1]), float(sys.argv[2]) / 1000
NETLINK_NETFILTER, SUBSYSTEM = 12, 3 << 8
PACKET, VERDICT, CONFIG = 0, 1, 2
ACCEPT = 1


def message(kind, attribute, payload):
    body = struct.pack("=BBH", socket.AF_UNSPEC, 0, socket.htons(QUEUE)) + struct.pack("=HH", 4 + len(payload), attribute) + payload
    body += b"\0" * (-len(body) % 4)
    return struct.pack("=IHHII", 16 + len(body), SUBSYSTEM | kind, 1, 0, 0) + body


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x7FFF, data[4:length]
        data = data[length + 3 & ~3:]


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
kernel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
kernel.bind((0, 0))
kernel.send(message(CONFIG, 1, struct.pack("!BBH", 1, 0, socket.AF_INET)))
kernel.send(message(CONFIG, 2, struct.pack("!IB", 0, 1)))
kernel.send(message(CONFIG, 3, struct.pack("!I", 65536)))

waiting = []
while True:
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        kernel.send(message(VERDICT, 2, struct.pack("!II", ACCEPT, heapq.heappop(waiting)[1])))
    if not select.select([kernel], [], [], max(0, waiting[0][0] - now) if waiting else None)[0]:
        continue
    try:
        data = kernel.recv(1 << 17)
    except OSError:
        # More came than there was room for: the kernel has let those be lost, as a network does.
        continue
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if kind == SUBSYSTEM | PACKET:
            for attribute, payload in attributes(data[20:length]):
                if attribute == 1:
                    heapq.heappush(waiting, (time.monotonic() + DELAY, struct.unpack_from("!I", payload)[0]))
        data = data[length + 3 & ~3:]
