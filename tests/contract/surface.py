"""All that users can name or press: commands and options, keys, events, JSON keys, what programs import, variables.

Every list here is a set: there may be more in it than before.
"""

import ast
import inspect
import re
from collections import Counter
from importlib import import_module
from importlib.metadata import distribution
from pkgutil import walk_packages
from typing import Any, get_args, get_type_hints

import click
import msgspec
from textual.binding import Binding

import threadviz
from tests.contract.code import APP, APP_COMMANDS, COMMAND, COMPARISON, EVENT, SOURCE
from tests.contract.outputs import printed

_VARIABLE = re.compile(r"THREADVIZ_[A-Z_]+|COLUMNS|NO_COLOR|TERM|PYTHONPATH")


def surface() -> dict[str, Any]:
    """All of it."""
    events = _schema(EVENT)
    header = events["header"]["fields"]
    context = COMMAND.make_context("threadviz", [], resilient_parsing=True)
    return {
        "scripts": [
            each.name for each in distribution("threadviz").entry_points if each.group == "console_scripts"
        ],
        "commands": {
            "threadviz": _options_of(COMMAND, context),
            **{
                name: _options_of(command, click.Context(command, context))
                for name, command in COMMAND.commands.items()
            },
        },
        "listed": _listed(),
        "keys of the app": {id_: [*command.keys] for id_, command in APP_COMMANDS.items()},
        "parts of the app that know a key": _parts_by_key(),
        "states": header["probe"]["fields"]["tells"]["items"]["enum"],
        "events": events,
        "json": _schema(COMPARISON),
        "what programs import": _api(),
        "environment": sorted(_variables()),
    }


def _options_of(command: click.Command, context: click.Context) -> dict[str, Any]:
    """The options of a command, by each of their names, and its arguments, by their places."""
    options, arguments = {}, []
    for parameter in command.get_params(context):
        told = _parameter(parameter)
        if isinstance(parameter, click.Option):
            for name in parameter.opts + parameter.secondary_opts:
                options[name] = told
        else:
            arguments.append(told)
    return {
        "options": options,
        "arguments": {str(place): argument for place, argument in enumerate(arguments, 1)},
        "how many arguments": len(arguments),
    }


def _parameter(parameter: click.Parameter) -> dict[str, Any]:
    info = parameter.to_info_dict()
    name, default = info["type"]["name"].lower(), info["default"]
    told = {
        # A path is a text as well: which of them it is makes no difference to who types it.
        "takes": "nothing" if info.get("is_flag") else {"path": "text", "file": "text"}.get(name, name),
        "values": info["nargs"],
        "required": info["required"],
        "repeated": info["multiple"],
        # A list of names may get longer.
        "default": default.split(",") if isinstance(default, str) and "," in default else default,
    }
    return told | ({"choices": [*info["type"]["choices"]]} if "choices" in info["type"] else {})


def _listed() -> dict[str, list[str]]:
    """What there is to run, by what `list` calls it: the first word of each line, its headings left out."""
    blocks = printed("list").split("\n\n")[:3]
    names = [[line.split()[0] for line in block.splitlines()[1:] if line[:1].strip()] for block in blocks]
    return dict(zip(("workloads", "modes", "sets"), names, strict=True))


def _parts_by_key() -> dict[str, list[int]]:
    """For each key, the parts of the app that know it: screens, dialogs, lists. They are but counted."""
    parts = Counter[str]()
    for module in walk_packages(APP.__path__, f"{APP.__name__}."):
        for value in vars(import_module(module.name)).values():
            if inspect.isclass(value) and value.__module__ == module.name:
                parts.update(_keys_of(value))
    return {key: [*range(1, number + 1)] for key, number in sorted(parts.items())}


def _keys_of(class_: type) -> set[str]:
    """The keys that are bound in a class of the app, or in what it derives from there."""
    mine = [vars(each) for each in class_.__mro__ if each.__module__.startswith(f"{APP.__name__}.")]
    return {binding.key for each in mine for binding in Binding.make_bindings(each.get("BINDINGS", ()))}


def _schema(type_: Any) -> dict[str, Any]:
    """The fields of an object, or of each of several kinds of them, by the word that tells which it is."""
    whole = msgspec.json.schema(type_)
    definitions = whole["$defs"]
    if "discriminator" in whole:
        kinds = whole["discriminator"]["mapping"].items()
        return {tag: _plain({"$ref": reference}, definitions) for tag, reference in kinds}
    plain: dict[str, Any] = _plain(whole, definitions)
    return plain


def _plain(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema without the names and the words that it has from the code."""
    if isinstance(schema, list):
        return [_plain(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return _plain(definitions[schema["$ref"].rpartition("/")[2]] | rest, definitions)
    plain = {
        key: _plain(value, definitions)
        for key, value in schema.items()
        if key not in ("$defs", "title", "description", "properties", "required", "prefixItems")
    }
    if "properties" in schema:
        required = schema.get("required", ())
        plain["fields"] = {
            name: _plain(field, definitions) | {"required": name in required}
            for name, field in schema["properties"].items()
        }
    if "prefixItems" in schema:
        plain["places"] = {
            str(place): _plain(field, definitions) for place, field in enumerate(schema["prefixItems"])
        }
    return plain


def _api() -> dict[str, Any]:
    recording = threadviz.record()  # not entered: nothing is observed
    return {
        "names": [*threadviz.__all__],
        "record": _signature(threadviz.record),
        "observed": _signature(threadviz.observed),
        "Recording": {
            "what record returns": isinstance(recording, threadviz.Recording),
            "is entered and left": hasattr(recording, "__enter__") and hasattr(recording, "__exit__"),
            "attributes": [
                name for name in {*vars(recording), *dir(type(recording))} if not name.startswith("_")
            ],
        },
        "ObservationError": {"is an exception": issubclass(threadviz.ObservationError, Exception)},
    }


def _signature(function: Any) -> dict[str, Any]:
    hints = get_type_hints(function, localns={"RunFacts": object})
    return {
        name: {
            "kind": parameter.kind.description,
            "required": parameter.default is parameter.empty,
            "default": None if parameter.default is parameter.empty else parameter.default,
            "choices": [each for each in get_args(hints[name]) if isinstance(each, str)],
        }
        for name, parameter in inspect.signature(function).parameters.items()
    }


def _variables() -> set[str]:
    """The environment variables that the code names."""
    return {
        node.value
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _VARIABLE.fullmatch(node.value)
    }
