from collections import Counter

from threadviz.tui.commands import COMMANDS
from threadviz.tui.screens.main import command_bindings


def test_no_two_commands_have_the_same_key() -> None:
    """Each key carries out one command."""
    keys = Counter(key for command in COMMANDS.values() for key in command.keys)
    assert set(keys.values()) == {1}


def test_each_command_is_explained_in_a_sentence() -> None:
    """It has at least one key, a label of a few words, and a help text that ends with a full stop."""
    for command in COMMANDS.values():
        assert command.keys
        assert 1 <= len(command.label.split()) <= 5
        assert command.help[0].isupper() and command.help.endswith(".")


def test_all_keys_are_bound_and_those_of_the_footer_are_shown() -> None:
    """Each binding carries out its command; the footer shows the first key of a command with a footer label."""
    bindings = {binding.key: binding for binding in command_bindings()}
    for id_, command in COMMANDS.items():
        for key in command.keys:
            assert bindings[key].action == f"carry_out('{id_}')"
        assert bindings[command.keys[0]].show == bool(command.footer)
        assert not any(bindings[key].show for key in command.keys[1:])
