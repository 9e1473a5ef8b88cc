from collections import Counter

from threadviz.tui.commands import COMMANDS
from threadviz.tui.screens.main import bindings_of


def test_each_command_and_each_key_stands_once() -> None:
    """So no key does two things, and no name is ambiguous."""
    ids = Counter(command.id for command in COMMANDS)
    keys = Counter(key for command in COMMANDS for key in command.keys)
    assert set(ids.values()) == {1}
    assert set(keys.values()) == {1}


def test_each_command_is_explained_in_a_sentence() -> None:
    """It has at least one key, a label of a word or two, and an about that ends with a full stop."""
    for command in COMMANDS:
        assert command.keys
        assert 1 <= len(command.label.split()) <= 5
        assert command.about[0].isupper() and command.about.endswith(".")


def test_all_keys_are_bound_and_those_of_the_footer_are_shown() -> None:
    """Each binding carries out its command; the first key of a command with a footer stands in it."""
    bound = {binding.key: binding for binding in bindings_of(COMMANDS)}
    for command in COMMANDS:
        for key in command.keys:
            assert bound[key].action == f"execute('{command.id}')"
        assert bound[command.keys[0]].show == bool(command.footer)
        assert not any(bound[key].show for key in command.keys[1:])
