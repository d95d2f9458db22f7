"""Keeps askdoc at work in a network of its own, and tells which names it looks up there.

Started by ``test_offline.py`` in namespaces of Linux. This script is the only name server in them,
so it hears C libraries too, which do not ask through Python.
"""

import fcntl
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

QUESTION = "What is Eagle Partner for?"
LIBRARY = """
import sys, time, askdoc
settings = askdoc.Settings(corpus=sys.argv[1], index=sys.argv[2])
print(askdoc.Assistant.from_folder(settings=settings).ask(sys.argv[3]).answered, flush=True)
time.sleep(600)
"""
SIOCSIFADDR, SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8913, 0x8914, 1


def connect(name: str, address: str) -> None:
    """Gives the loopback interface, or an alias of it, an address, and switches it on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        where = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
        fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack("16s16s", name.encode(), where))
        asked = struct.pack("16sH14x", name.encode(), 0)
        _, flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, asked))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", name.encode(), flags | IFF_UP))


def replace(file: str, text: str, folder: Path) -> None:
    """Puts a text in a file's place, for this namespace only."""
    instead = folder / Path(file).name
    instead.write_text(text)
    subprocess.run(["mount", "--bind", instead, file], check=True)


def name_in(question: bytes) -> str:
    """The name that a DNS message asks for."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
        at += 1 + question[at]
    return ".".join(labels)


def listen(heard: set[str]) -> None:
    """Answers every lookup with "there is no such name", and keeps the name."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def answer() -> None:
        while True:
            question, sender = server.recvfrom(4096)
            name = name_in(question)
            heard.add(name)
            body = question[12 : 12 + len(name) + 6]  # the name's two ends, its type and class
            head = question[:2] + struct.pack("!5H", 0x8183, 1, 0, 0, 0)
            server.sendto(head + body, sender)

    threading.Thread(target=answer, daemon=True).start()


def answered(url: str) -> bool:
    """Whether a served askdoc answers a question."""
    asked = urllib.request.Request(
        f"{url}/api/ask",
        json.dumps({"question": QUESTION}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=120) as reply:
        return bool(json.load(reply)["answered"])


def main(corpus: str, folder: Path, seconds: float) -> None:
    """Watches both for so many seconds after they have answered."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(280)  # before the test gives up, so that both are ended
    connect("lo", "127.0.0.1")
    connect("lo:1", "192.0.2.1")  # with loopback alone, libraries know that they are offline
    replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch .\n", folder)
    if Path("/etc/nsswitch.conf").exists():  # systemd's resolver is asked past the namespace
        replace("/etc/nsswitch.conf", "hosts: files dns\n", folder)
    heard: set[str] = set()
    listen(heard)
    with suppress(OSError):
        socket.getaddrinfo("control.example", 80)
    place = ["--corpus", corpus, "--index", str(folder / "served"), "--port", "0"]
    served = subprocess.Popen(
        [sys.executable, "-m", "askdoc", "serve", *place], stdout=subprocess.PIPE, text=True
    )
    called = subprocess.Popen(
        [sys.executable, "-c", LIBRARY, corpus, str(folder / "called"), QUESTION],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert served.stdout is not None
    assert called.stdout is not None
    try:
        both = [answered(served.stdout.readline().split()[3]), called.stdout.readline() == "True\n"]
        time.sleep(seconds)
        alive = [served.poll() is None, called.poll() is None]
    finally:
        served.kill()
        called.kill()
    print(json.dumps({"heard": sorted(heard), "answered": both, "alive": alive}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
