"""The thoughts that some models write before they answer, told from what is meant for others."""

import re

NAMES = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reasoning|analysis|scratchpad)"
OPEN = (
    rf"<{NAMES}>|◁think▷|\[THINK\]|<unused94>"
    r"|<\|(?:START_THINKING|begin_of_thought|inner_prefix|think(?:ing)?)\|>"
    r"|<\|channel\|>\s*(?:analysis|commentary)\b|<\|channel>\s*thought\b"
)
CLOSE = (
    rf"</{NAMES}>|◁/think▷|\[/THINK\]|<unused95>"
    r"|<\|(?:END_THINKING|end_of_thought|inner_suffix|/think(?:ing)?)\|>"
    r"|<\|channel\|>\s*final\b|<channel\|>"
)
"""The marks of DeepSeek, Qwen, Seed, Kimi, Magistral, Command, Gemma and of gpt-oss's Harmony."""
# In code or in the midst of a sentence, as in "the tag <think> opens", a text is about them.
OPENS = re.compile(rf"(?<![`'\"“(])(?<![\w,;] )(?:{OPEN})", re.I)
CLOSES = re.compile(rf"{CLOSE}|<\|(?:end|call)\|>", re.I)
UNOPENED = re.compile(
    rf"(?<![`'\"“(])(?:(?<!\w )(?:{CLOSE})|(?:{CLOSE})(?![,.;)`'\"]| (?-i:[a-z])))", re.I
)
# Where a server has taken the marks of Harmony out, their words are left.
BARE = re.compile(r"\s*analysis(?=[A-Z])(?:.*?assistantfinal|.*)", re.S)
WRAPPING = re.compile(
    r"<\|start\|>\s*assistant|<\|(?:message|return|end|im_end|eot_id|endoftext)\|>"
    r"|<\|(?:START|END)_RESPONSE\|>|</?answer>",
    re.I,
)
BEGUN = re.compile(r"\s*[<◁\[][|/]?[\w:|]*")  # what may become a mark when more comes
# How thoughts begin of which only the end is marked, since their beginning stood in the prompt.
ALOUD = re.compile(
    r"\s*(?:okay|ok|alright|hmm+|wait|let me|let's|we need|we have to|i need to|first, i"
    r"|(?:so,? )?the (?:user|question) (?:is|asks|asked|wants))\b",
    re.I,
)


def without_thoughts(written: str) -> str:
    """What a model wrote for others to read, without its thoughts; also of what still grows.

    Thoughts that have begun and not ended take all that follows; what stands before an end whose
    beginning is missing is thought, too.
    """
    if BEGUN.fullmatch(written):
        return ""
    spoken, rest = "", BARE.sub("", written)
    while begun := OPENS.search(rest):
        ended = CLOSES.search(rest, begun.end())
        spoken, rest = spoken + rest[: begun.start()], rest[ended.end() :] if ended else ""
    return WRAPPING.sub("", UNOPENED.split(spoken + rest)[-1]).lstrip()


def thinks_aloud(written: str) -> bool:
    """Whether a text may still turn out to be thoughts: it begins like them, and no end is marked.

    ``without_thoughts`` leaves it as it is.
    """
    return bool(ALOUD.match(written)) and not UNOPENED.search(written)
