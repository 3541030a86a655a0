"""Small faults: the operators of cosmic-ray, and two of our own."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

_LEFT_OUT: Final = re.compile(
    r"Variable|Mul_(?!Div|Add)|Div_(?!Mul)|Mod_(?!Mul)|Pow_(?!Mul)|RShift_(?!LShift)|Add_(?!Sub)"
    r"|LShift_(?!RShift)|Sub_(?!Add)|BitOr_(?!BitAnd)|BitAnd_(?!BitOr)|BitXor_(?!BitOr)"
    r"|(Eq|Lt|LtE|Gt|GtE|NotEq)_Is|Is_(?!IsNot)|IsNot_(?!Is)|_Delete|_USub|_UAdd"
)
"""Operators that break a program in ways in which nobody does, as `x << 1` for `x | 1`."""
_UNSEEN: Final = re.compile(r"\s*@dataclass\(|\s*@overload")
"""Lines whose faults change nothing that runs: frozen classes and slots."""


@dataclass(frozen=True)
class Mutant:
    """A source with one fault at a line."""

    line: int
    was: str
    now: str
    source: str


@dataclass(frozen=True)
class _Place:
    """An operator of cosmic-ray and its number, or a range of the source and its new text."""

    line: int
    column: int
    operator: str = ""
    number: int = 0
    end: tuple[int, int] = (0, 0)
    text: str = ""


def sample(source: str, name: str, count: int | None, line: int | None = None) -> list[Mutant]:
    """Return up to `count` mutants of a source (all, if None), each at a place of its own, and the
    same for the same source and name.
    """
    places = sorted(
        {*_operator_places(source), *_own_places(source)},
        key=lambda place: (place.line, place.column, place.operator, place.number, place.text),
    )
    random.Random(name).shuffle(places)
    taken: set[tuple[int, int]] = set()
    chosen: list[Mutant] = []
    for place in places:
        if count is not None and len(chosen) == count:
            break
        if line is not None and place.line != line:
            continue
        if count is not None and (place.line, place.column) in taken:
            continue
        if mutant := _mutant(source, place):
            taken.add((place.line, place.column))
            chosen.append(mutant)
    return chosen


def _operator_places(source: str) -> Iterator[_Place]:
    """Yield the places of cosmic-ray's operators."""
    nodes = list(ast_nodes(get_ast(source)))
    for name in cosmic_ray.plugins.operator_names():
        if _LEFT_OUT.search(name):
            continue
        operator, number = cosmic_ray.plugins.get_operator(name)(), 0
        for node in nodes:
            for (line, column), _ in operator.mutation_positions(node):
                yield _Place(line, column, name, number)
                number += 1


def _own_places(source: str) -> Iterator[_Place]:
    """Yield the statements, and the first characters of tables' entries, that can be left out."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
        is_store = isinstance(node, ast.Assign) and isinstance(
            node.targets[0], ast.Attribute | ast.Subscript
        )
        if is_call or is_store or isinstance(node, ast.AugAssign | ast.Delete):
            yield _at(node, "pass")
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            entries = node.elts
        elif isinstance(node, ast.Dict):
            entries = [key for key in node.keys if key]
        else:
            continue
        for entry in entries:
            if isinstance(entry, ast.Constant) and isinstance(entry.value, str | bytes):
                yield _at(entry, repr(entry.value[1:]))


def _at(node: ast.expr | ast.stmt, text: str) -> _Place:
    end = (node.end_lineno or node.lineno, node.end_col_offset or 0)
    return _Place(node.lineno, node.col_offset, end=end, text=text)


def _mutant(source: str, place: _Place) -> Mutant | None:
    """Return the mutant of a place, unless it is no program or the same one."""
    lines = source.splitlines(keepends=True)
    if _UNSEEN.match(lines[place.line - 1]):
        return None
    if place.operator:
        operator = cosmic_ray.plugins.get_operator(place.operator)()
        mutated = mutate_code(source, operator, place.number)
    else:
        mutated = _replaced(lines, place)
    if mutated is None or _behaviour(mutated) in (None, _behaviour(source)):
        return None
    was, now = _difference(source.splitlines(), mutated.splitlines())
    return Mutant(place.line, was, now, mutated)


def _difference(old: list[str], new: list[str]) -> tuple[str, str]:
    """Return the lines of each source between those that both begin and end with."""
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " ".join(map(str.strip, old)).strip(), " ".join(map(str.strip, new)).strip()


def _replaced(lines: list[str], place: _Place) -> str:
    """Return the source with the range of a place replaced; columns count bytes."""
    end_line, end_column = place.end
    head = lines[place.line - 1].encode()[: place.column].decode()
    tail = lines[end_line - 1].encode()[end_column:].decode()
    return "".join([*lines[: place.line - 1], head, place.text, tail, *lines[end_line:]])


@lru_cache(16)
def _behaviour(source: str) -> str | None:
    """Return what of a source runs, without annotations and docstrings; None if nothing does."""
    try:
        tree = ast.parse(source)
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.arguments):  # by position or by name: every call still fits
            node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]
            node.defaults += [default for default in node.kw_defaults if default]
            node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
    return ast.dump(tree)
