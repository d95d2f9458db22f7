"""Many clients at once, for some seconds; ``make soak`` is the same for an hour."""

from pathlib import Path

import pytest
import soak

pytestmark = [pytest.mark.alone, pytest.mark.slow]
CLIENTS = 8


def test_many_clients_get_their_own_answers(tmp_path: Path) -> None:
    """While each uploads, deletes and syncs; a busy server says when to come again."""
    wrong, counts, _ = soak.run(tmp_path, 5, CLIENTS)
    assert wrong == []
    assert counts["/api/ask 200"] > CLIENTS
    assert counts["/gradio_api/queue/join 200"] > 0
