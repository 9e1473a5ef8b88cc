import json

from hypothesis import given
from hypothesis import strategies as st

from threadviz.protocol.task_pipe import LINE_LIMIT, MARKER, clip, encode

texts = st.text(st.characters(), max_size=50).map(lambda text: text * 200) | st.text(st.characters())


@given(st.dictionaries(st.sampled_from(["why", "error", "traceback", "name"]), texts), st.integers())
def test_a_line_is_shorter_than_a_pipe_takes_whole(message: dict[str, str], t: int) -> None:
    """Whatever its texts are: long ones are cut, the longest first, and end in a marker."""
    line = encode({"type": "finished", "t": t, **message})
    assert len(line) < LINE_LIMIT and line.endswith(b"\n") and line.count(b"\n") == 1
    decoded = json.loads(line)
    assert decoded.pop("type") == "finished" and decoded.pop("t") == t
    assert decoded.keys() == message.keys()
    for field, text in message.items():
        safe = text.encode(errors="replace").decode()
        assert decoded[field] == safe or safe.startswith(decoded[field].removesuffix(MARKER))
        assert decoded[field] == safe or decoded[field].endswith(MARKER)


def test_no_more_is_cut_than_must_be() -> None:
    """A line that is cut is as long as one may be, or nearly so: a character may take four bytes."""
    for text in (10_000 * "x", 10_000 * "😀"):
        line = encode({"type": "finished", "error": text, "traceback": "short"})
        assert LINE_LIMIT - 4 <= len(line) < LINE_LIMIT
        assert json.loads(line)["traceback"] == "short"


def test_clip() -> None:
    """The marker counts as well."""
    assert clip("abcdef", 6) == "abcdef" and clip("abcdefg", 6) == "abc..."
