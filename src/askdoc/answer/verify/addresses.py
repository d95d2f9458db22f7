"""Addresses in a sentence: of pages, hosts and mail boxes, where a reader may be sent."""

import re
from collections.abc import Iterator

END = r"[^\s<>\"'»)\]]"
ADDRESS = re.compile(
    rf"(?<![\w.+-])(?:[A-Za-z][\w+.-]*+:/+{END}+|(?:javascript|data|mailto):{END}+"
    rf"|(?:[\w.+-]++@)?(?:[\w-]+\.)+[a-z]{{2,}}\b(?:[/?#]{END}*)?)"
)


def unknown_addresses(claim: str, known: str) -> Iterator[str]:
    """What of a sentence is an address that stands nowhere in what is known, a line each."""
    there = {
        form for address in ADDRESS.findall(known) for form in (_plain(address), _host(address))
    }
    for address in ADDRESS.findall(claim):
        if _plain(address) not in there:
            yield f"names the address {address[:100]}, which the passage does not"


def _plain(address: str) -> str:
    """An address without what a writer may leave out of it."""
    without = re.sub(r"^(?:https?:/+)?(?:www\.)?", "", address.lower())
    return without.rstrip("/.,;:!?")


def _host(address: str) -> str:
    return re.split(r"[/?#:]", _plain(address))[0]
