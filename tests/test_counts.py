"""What Prometheus reads of a server: by its own parser, from a real one."""

import os
import re
import subprocess
import sys

import httpx
from chat import serve
from helpers import ROOT
from prometheus_client.parser import text_string_to_metric_families

TABLE = re.findall(
    r"^\| (`askdoc_.*?) \|", (ROOT / "docs" / "deploying.md").read_text("utf-8"), re.M
)


def counted(web: httpx.Client) -> dict[tuple[str, ...], float]:
    """The value of each sample, by its name and the values of its labels."""
    reply = web.get("/metrics").raise_for_status()
    families = text_string_to_metric_families(reply.text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_was_asked_is_counted_however_it_was(folder) -> None:
    """By ``/api``, as a chat program and as an agent would; what nobody asked is not."""
    told = {"a.md": "The harbour master of Marwick is Ingrid Sund.", "b.md": "The ferry is blue."}
    server, url = serve("-m", "askdoc", "serve", folder(told, "harbour"), ASKDOC_METRICS=1)
    sure, none = "Who is the harbour master of Marwick?", "How do I bake a lasagne?"
    with httpx.Client(base_url=url, timeout=120) as web:
        before = counted(web)
        assert not any(name == "askdoc_questions_total" for name, *_ in before)
        assert before["askdoc_documents", "harbour"] == 2
        certainty = [
            web.post("/api/ask", json={"question": question}).json()["certainty"]
            for question in (sure, none)
        ]
        message = {"role": "user", "content": none}
        body = {"model": "askdoc", "messages": [message], "stream": True}
        web.post("/v1/chat/completions", json=body)
        web.post("/api/ask", json={"question": ""})
        web.get("/api/none")
        after = counted(web)
    server.terminate()
    server.wait(30)
    assert after["askdoc_questions_total", certainty[0]] == 1
    assert after["askdoc_questions_total", "none"] == 2
    assert after["askdoc_answer_seconds_count",] == 3
    assert 0 < after["askdoc_answer_seconds_sum",] < 60
    assert after["askdoc_passages", "harbour"] == 2
    for status, more in (("200", 4), ("400", 1), ("404", 1)):
        key = ("askdoc_requests_total", status)
        assert after[key] - before.get(key, 0) == more
    names = {name for name, *_ in after}
    for name in re.findall(r"askdoc_\w+", " ".join(TABLE)):
        assert {name, f"{name}_count"} & names


def test_without_the_package_one_line_tells_what_to_install(folder) -> None:
    """The server does not start, rather than to count nothing."""
    hidden = "import sys; sys.modules['prometheus_client'] = None; from askdoc.cli import main; "
    run = hidden + f"main(['serve', '--port', '0', '--corpus', {str(folder({'a.md': 'A.'}))!r}])"
    done = subprocess.run(
        [sys.executable, "-c", run], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "ASKDOC_METRICS": "1"},
    )  # fmt: skip
    assert done.returncode == 1
    told = "askdoc: ASKDOC_METRICS needs a package: pip install 'askdoc[metrics]'"
    assert done.stderr.strip() == told
