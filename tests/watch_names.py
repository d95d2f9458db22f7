"""Keeps askdoc at work in a network of its own, and tells what it tries to reach there.

Started by ``test_offline.py`` in namespaces of Linux. This script is the only name server in them,
and every address of the world leads to their loopback, where it listens: so it hears C libraries
too, which do not ask through Python, and an attempt that is refused as well as one that succeeds.
"""

import fcntl
import ipaddress
import itertools
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
AGENT = """
import asyncio, sys
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
async def ask():
    async with streamablehttp_client(sys.argv[1] + "/mcp/") as (reads, writes, _):
        async with ClientSession(reads, writes) as session:
            await session.initialize()
            told = await session.call_tool("ask", {"question": sys.argv[2]})
            return told.isError
sys.exit(asyncio.run(ask()))
"""
OURS = "192.0.2.1"  # with loopback alone, libraries know that they are offline
CONTROL = ("192.0.2.200", "2001:db8::200")  # what the script itself tries to reach
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 3, 0x0800, 0x86DD
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


def sniff(reached: set[str]) -> None:
    """Leads every address to loopback, and keeps those that anything is sent to."""
    for family in ("-4", "-6"):
        subprocess.run(["ip", family, "route", "add", "local", "default", "dev", "lo"], check=True)
    subprocess.run(["ip", "route", "add", "multicast", "224.0.0.0/4", "dev", "lo"], check=False)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    wire.bind(("lo", 0))

    def listen() -> None:
        while True:
            packet, (_, protocol, *_) = wire.recvfrom(128)
            if protocol not in (ETH_P_IP, ETH_P_IPV6):
                continue
            to = packet[16:20] if protocol == ETH_P_IP else packet[24:40]
            address = ipaddress.ip_address(to)
            if not address.is_loopback and str(address) != OURS:
                reached.add(str(address))

    threading.Thread(target=listen, daemon=True).start()


def try_control() -> None:
    """What has to be heard, else nothing is."""
    with suppress(OSError):
        socket.getaddrinfo("control.example", 80)
    for address in CONTROL:
        with suppress(OSError):
            socket.create_connection((address, 443), timeout=5).close()


def work(corpus: str, folder: Path, url: str, seconds: float) -> dict[str, int]:
    """All other commands, again and again for so long, each at least once: how often each ended."""
    questions = folder / "questions.jsonl"
    questions.write_text(json.dumps({"id": "1", "question": QUESTION}) + "\n")
    place = ["--corpus", corpus, "--index", str(folder / "worked")]
    askdoc = [sys.executable, "-m", "askdoc"]
    commands = {
        "index": [*askdoc, "index", "--rebuild", *place],
        "ask": [*askdoc, "ask", QUESTION, *place],
        "search": [*askdoc, "search", QUESTION, *place],
        "eval": [*askdoc, "eval", str(questions), "--out", str(folder / "eval"), *place],
        "mcp": [sys.executable, "-c", AGENT, url, QUESTION],
    }
    ended, began = dict.fromkeys(commands, 0), time.monotonic()
    for name in itertools.cycle(commands):
        if time.monotonic() - began > seconds and all(ended.values()):
            return ended
        subprocess.run(commands[name], check=True, stdout=subprocess.DEVNULL)
        ended[name] += 1
    return ended


def answered(url: str) -> bool:
    """Whether a served askdoc answers a question."""
    asked = urllib.request.Request(
        f"{url}/api/ask",
        json.dumps({"question": QUESTION}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=240) as reply:
        return bool(json.load(reply)["answered"])


def main(corpus: str, folder: Path, seconds: float) -> None:
    """Watches both for so many seconds after they have answered."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(int(seconds) + 500)  # before the test gives up, so that both are ended
    connect("lo", "127.0.0.1")
    connect("lo:1", OURS)
    replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch .\n", folder)
    if Path("/etc/nsswitch.conf").exists():  # systemd's resolver is asked past the namespace
        replace("/etc/nsswitch.conf", "hosts: files dns\n", folder)
    heard: set[str] = set()
    reached: set[str] = set()
    listen(heard)
    sniff(reached)
    try_control()
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
        url = served.stdout.readline().split()[3]
        both = [answered(url), called.stdout.readline() == "True\n"]
        ended = work(corpus, folder, url, seconds)
        alive = [served.poll() is None, called.poll() is None]
    finally:
        served.kill()
        called.kill()
    told = {"heard": sorted(heard), "reached": sorted(reached), "answered": both, "alive": alive}
    print(json.dumps(told | {"ended": ended}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
