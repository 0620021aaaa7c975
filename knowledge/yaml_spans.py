"""Changing one value of a YAML text and not one byte besides it.

The places of values come from the marks of libyaml, the parser that reads the base too. Whatever is written is chosen
by reading it back: the plainest form that means exactly the wanted text in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import yaml

BOM = "\ufeff"
STEP = 2
"""Spaces by which the writer sets children in."""

Value = str | Sequence[str] | Mapping[str, "Value"]
"""What can be written: a text, a list of texts, or named ones of these."""

Path = tuple[str, ...]


class NotEditable(Exception):
    """The text is written in a way that cannot be changed in one place only; `path` says where."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{'.'.join(path)} is written in a way that only a person can change")


def set_value(text: str, path: Path, value: Value) -> str:
    """`text` with the value at `path` changed or, where only its last step is missing, added.

    Of a list, only the members that differ are written anew. Raises NotEditable.
    """
    return _edited(text, path, lambda source: source.set(path, value), value)


def remove_key(text: str, path: Path) -> str:
    """`text` without the key at `path` and what it holds. Raises NotEditable, also where there is no such key."""
    return _edited(text, path, lambda source: source.remove(path), None)


def _edited(text: str, path: Path, change: Callable[[_Source], str], value: Value | None) -> str:
    mark = BOM if text.startswith(BOM) else ""  # libyaml does not count it.
    source = _Source(text.removeprefix(BOM))
    try:
        changed = mark + change(source)
        as_read = _content(changed)
    except yaml.YAMLError as error:
        raise NotEditable(path) from error
    # Anchors, merge keys and comments in odd places could make a change reach further than its place.
    if _plain(as_read) != _plain(_wanted(_content(text), path, value)):
        raise NotEditable(path)
    return changed


@dataclass(frozen=True)
class _Pair:
    key: yaml.ScalarNode
    value: yaml.Node


class _Source:
    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.root = yaml.compose(text, Loader=yaml.CSafeLoader)

    def set(self, path: Path, value: Value) -> str:
        parent, pair = self._find(path)
        if pair is None:
            return self._insert_key(parent, path[-1], value)
        node = pair.value
        if isinstance(node, yaml.ScalarNode) and isinstance(value, str):
            return self._replace_scalar(parent, pair, value)
        if isinstance(node, yaml.SequenceNode) and node.value and not isinstance(value, str | Mapping) and value:
            return self._replace_members(path, node, value)
        flow = parent.flow_style or (isinstance(node, yaml.CollectionNode) and node.flow_style)
        written = _flow(value) if flow else _block(value, parent.start_mark.column + STEP)
        return self._spliced([(node.start_mark.index, self._end(node), written)])

    def remove(self, path: Path) -> str:
        parent, pair = self._find(path)
        if pair is None or len(parent.value) == 1:
            raise NotEditable(path)
        start, end = pair.key.start_mark.index, self._end(pair.value)
        if parent.flow_style:
            spans = [(key.start_mark.index, self._end(value)) for key, value in parent.value]
            index = spans.index((start, end))
            return self._spliced([self._cut(path, spans, index, index)])
        start = self._line_start(start)
        end = self._next_line(end)
        if self._blank_line(start, before=True) or pair.key is parent.value[0][0]:
            while (after := self._blank_line(end)) is not None:
                end = after
        return self._spliced([(start, end, "")])

    def _find(self, path: Path) -> tuple[yaml.MappingNode, _Pair | None]:
        """The mapping that should hold the last step of `path`, and what it holds there."""
        node: yaml.Node | None = self.root
        pair = None
        for depth, step in enumerate(path):
            if not isinstance(node, yaml.MappingNode):
                raise NotEditable(path)
            found = [_Pair(key, value) for key, value in node.value if key.value == step]
            if not found:
                if depth < len(path) - 1 or not node.value:
                    raise NotEditable(path)
                return node, None
            pair = found[0]
            if depth == len(path) - 1:
                return node, pair
            node = pair.value
        raise NotEditable(path)

    def _replace_scalar(self, parent: yaml.MappingNode, pair: _Pair, value: str) -> str:
        node = pair.value
        start, end = node.start_mark.index, self._end(node)
        column = pair.key.start_mark.column
        if parent.flow_style:
            written = _flow(value)
        elif isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            written = _literal(value, column + STEP) or _line(value)
        else:
            written = _block_text(value, column + STEP)
        return self._spliced([(start, end, written)])

    def _replace_members(self, path: Path, node: yaml.SequenceNode, values: Sequence[str]) -> str:
        """Only the members that differ, so that comments among the others and their line breaks stay."""
        held = [member.value if isinstance(member, yaml.ScalarNode) else object() for member in node.value]
        spans = [(member.start_mark.index, self._end(member)) for member in node.value]
        write = _flow if node.flow_style else _line
        between = ", " if node.flow_style else self.newline + " " * node.start_mark.column + "- "
        splices: list[tuple[int, int, str]] = []
        gone: list[tuple[int, int]] = []
        for kind, low, high, new_low, new_high in SequenceMatcher(None, held, list(values), False).get_opcodes():
            if kind == "equal":
                continue
            old, new = list(range(low, high)), list(values[new_low:new_high])
            both = min(len(old), len(new))
            texts = [write(text) for text in new]
            replaced = len(splices)
            splices += [(*spans[index], text) for index, text in zip(old[:both], texts[:both], strict=True)]
            if rest := old[both:]:
                gone.append((rest[0], rest[-1]))
            if more := texts[both:]:
                if both:
                    start, end, text = splices[replaced + both - 1]
                    splices[replaced + both - 1] = (start, end, between.join([text, *more]))
                elif low:
                    at = spans[low - 1][1]
                    splices.append((at, at, "".join(between + text for text in more)))
                else:
                    at = spans[0][0]
                    splices.append((at, at, "".join(text + between for text in more)))
        if node.flow_style:
            splices += [self._cut(path, spans, first, last) for first, last in gone]
        else:
            splices += [
                (self._line_start(spans[first][0]), self._next_line(spans[last][1]), "") for first, last in gone
            ]
        return self._spliced(splices)

    def _insert_key(self, parent: yaml.MappingNode, key: str, value: Value) -> str:
        """The key as the last of its mapping, which holds some already."""
        end = self._end(parent.value[-1][1])
        if parent.flow_style:
            return self._spliced([(end, end, f", {_flow(key)}: {_flow(value)}")])
        column = parent.start_mark.column
        line_end = self._line_end(end)
        pair = f"{' ' * column}{_flow(key)}:{_after_colon(value, column)}"
        # Where the entries stand apart, so does the new one.
        starts = [key.start_mark.index for key, _ in parent.value[1:]]
        apart = bool(starts) and all(self._blank_line(self._line_start(at), before=True) for at in starts)
        return self._spliced([(line_end, line_end, ("\n\n" if apart else "\n") + pair)])

    def _cut(self, path: Path, spans: Sequence[tuple[int, int]], first: int, last: int) -> tuple[int, int, str]:
        """The splice that takes neighbouring members, and one comma, out of a flow collection."""
        start, end = spans[first][0], spans[last][1]
        if last + 1 < len(spans) and self._only_a_comma(end, spans[last + 1][0]):
            return start, spans[last + 1][0], ""
        if first and self._only_a_comma(spans[first - 1][1], start):
            return spans[first - 1][1], end, ""
        raise NotEditable(path)

    def _only_a_comma(self, start: int, end: int) -> bool:
        return self.text[start:end].strip() == ","

    def _end(self, node: yaml.Node) -> int:
        """Where the last character of a node's own text ends; the marks of blocks lie behind what follows them."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        start, end = node.start_mark.index, node.end_mark.index
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            return start + len(self.text[start:end].rstrip())
        return end

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        found = re.compile(r"\r?\n|\Z").search(self.text, index)
        return found.start() if found else len(self.text)

    def _next_line(self, index: int) -> int:
        found = self.text.find("\n", index)
        return found + 1 if found >= 0 else len(self.text)

    def _blank_line(self, start: int, before: bool = False) -> int | None:
        """Where the blank line ends that starts at (or, `before`, ends at) the line start; None: no blank line."""
        if before:
            return start if start and not self.text[self._line_start(start - 1) : start].strip() else None
        end = self._next_line(start)
        return end if start < len(self.text) and not self.text[start:end].strip() else None

    def _spliced(self, splices: Sequence[tuple[int, int, str]]) -> str:
        parts, at = [], 0
        for start, end, new in sorted(splices):
            parts += [self.text[at:start], new.replace("\r\n", "\n").replace("\n", self.newline)]
            at = end
        return "".join([*parts, self.text[at:]])


# --- writing values ---------------------------------------------------------------------------------------------------


def _after_colon(value: Value, column: int) -> str:
    """What follows the colon of a key that stands in `column` of a block mapping."""
    if isinstance(value, Mapping) and any(
        isinstance(held, Mapping) or "\n" in held or len(_flow(held)) > 60 for held in value.values()
    ):
        return "\n" + _block(value, column + STEP, first=True)
    return " " + (_block_text(value, column + STEP) if isinstance(value, str) else _flow(value))


def _block(value: Value, column: int, first: bool = False) -> str:
    """A value in block style; its first line is set in only where it is the `first` after a line break."""
    if isinstance(value, str):
        return _block_text(value, column)
    if not isinstance(value, Mapping) or not value:
        return _flow(value)
    lines = [f"{_flow(key)}:{_after_colon(held, column)}" for key, held in value.items()]
    indent = " " * column
    return (indent if first else "") + f"\n{indent}".join(lines)


def _block_text(text: str, column: int) -> str:
    return (_literal(text, column) if "\n" in text else None) or _line(text)


def _literal(text: str, column: int) -> str | None:
    """The text as a literal block whose lines are set in; None where a block cannot hold it."""
    lines = [" " * column + line if line else "" for line in text.split("\n")]
    block = "|\n" + "\n".join(lines)
    return block if _reads(f"{' ' * (column - STEP)}k: {block}\n", {"k": f"{text}\n"}) else None


def _line(text: str) -> str:
    """The text on one line, for a value in a block."""
    if "\n" not in text and _reads(f"k: {text}\n", {"k": text}) and _reads(f"- {text}\n", [text]):
        return text
    return _quoted(text)


def _flow(value: Value) -> str:
    """The value on one line, for the inside of brackets."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(held)}" for key, held in value.items()) + "}"
    if not isinstance(value, str):
        return "[" + ", ".join(map(_flow, value)) + "]"
    # A plain "?" or ":" next to a bracket is read by libyaml and not by every other parser: quoted, all agree.
    plain = "\n" not in value and not value.endswith(("?", ":"))
    if plain and _reads(f"[{value}, x]", [value, "x"]) and _reads(f"{{k: {value}, x: x}}", {"k": value, "x": "x"}):
        return value
    return _quoted(value)


def _quoted(text: str) -> str:
    return yaml.dump(text, default_style='"', allow_unicode=True, width=float("inf")).rstrip("\n")


def _reads(written: str, wanted: object) -> bool:
    try:
        return bool(yaml.load(written, Loader=yaml.CSafeLoader) == wanted)
    except (yaml.YAMLError, ValueError):  # ValueError: a date such as 2024-13-45.
        return False


# --- checking what was written ----------------------------------------------------------------------------------------


def _content(text: str) -> object:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _wanted(content: object, path: Path, value: Value | None) -> object:
    """The content with the change made in plain Python, which the changed text must come to."""
    if not path:
        return value
    if not isinstance(content, dict):
        raise NotEditable(path)
    changed = dict(content)
    if value is None and len(path) == 1:
        changed.pop(path[0], None)
    else:
        changed[path[0]] = _wanted(content.get(path[0]), path[1:], value)
    return changed


def _plain(value: object) -> object:
    """For comparing: blanks around texts, which the base's models take off, and the kind of a list do not count."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Mapping):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, Iterator | list | tuple):
        return [_plain(held) for held in value]
    return value
