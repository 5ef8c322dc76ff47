#!/usr/bin/env python3
"""requests.py RATE URL...: so many requests a second, to each URL in turn, each over a connection of its own, until SIGTERM; then what came of them.

A request has failed that got no whole answer with status 200 within two seconds. They begin when it is time, however many are still on their way,
as those of many users do."""
import asyncio
import signal
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

PATIENCE = 2.0


async def request(url):
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        writer.write(f"GET {url.path or '/'} HTTP/1.0\r\nHost: {url.netloc}\r\n\r\n".encode())
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        if b" 200 " not in head.split(b"\r\n")[0] + b" " or len(body) < int(fields.get(b"content-length", 0)):
            raise ValueError(f"answer {head.splitlines()[:1]} with {len(body)} bytes")
    finally:
        writer.close()


async def timed(url, failures, times):
    began = time.monotonic()
    try:
        await asyncio.wait_for(request(url), PATIENCE)
        times.append(time.monotonic() - began)
    except Exception as error:
        text = f"{url.netloc}: {type(error).__name__} {error}".strip()
        failures[text] += 1
        print(f"{time.time():.3f} {text}", file=sys.stderr, flush=True)


async def main(rate, urls):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    failures, times, running, sent, began = Counter(), [], set(), 0, time.monotonic()
    while not stop.is_set():
        task = asyncio.create_task(timed(urls[sent % len(urls)], failures, times))
        running.add(task)
        task.add_done_callback(running.discard)
        sent += 1
        await asyncio.sleep(max(0, began + sent / rate - time.monotonic()))
    lasted = time.monotonic() - began
    await asyncio.gather(*running)
    times.sort()
    middle, most = (times[int(len(times) * part)] * 1000 if times else 0 for part in (0.5, 0.99))
    print(f"{sent} requests in {lasted:.1f} s ({sent / lasted:.0f} a second), {sum(failures.values())} failed; p50 {middle:.1f} ms, p99 {most:.1f} ms")
    for text, count in failures.most_common(10):
        print(f"  {count} × {text}")


asyncio.run(main(float(sys.argv[1]), [urlsplit(url) for url in sys.argv[2:]]))
