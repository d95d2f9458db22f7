"""No secret in a message: keys, passwords in addresses, and what headers carry."""

import logging
import re
import traceback
from typing import Any

SECRETS = re.compile(
    r"(?<=://)[^/\s@'\"]+(?=@)"  # user and password of an address
    r"|\b(?:sk|gsk|pk|key|AIza)[\w*.-]{6,}"  # what providers' keys look like
    r"|(?-i:(?<=\bBearer )|(?<=\bBasic ))[\w.~+/=-]{4,}"
    r"|(?:(?<=key=)|(?<=token=)|(?<=secret=)|(?<=password=))[^&\s'\"]+",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """A text in which nothing looks like a secret."""
    return SECRETS.sub("…", text)


def redact_logs() -> None:
    """Has every log of this process redacted, whichever library writes it and wherever it goes."""
    logging.setLogRecordFactory(_redacted)


def _redacted(*arguments: Any, **more: Any) -> logging.LogRecord:
    """A record without secrets in its message or its traceback."""
    record = logging.LogRecord(*arguments, **more)
    try:
        message = record.getMessage()
    except (TypeError, ValueError):  # written with too few or too many values
        message = f"{record.msg} {record.args}"
    record.msg, record.args = redact(message), None
    if record.exc_info and record.exc_info[0]:
        record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).strip())
        record.exc_info = None  # else a handler may write it anew
    return record
