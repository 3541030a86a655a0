"""Systems with known suggestions, and their scores."""

from foretype_model.completion.candidates import Candidate, Options
from foretype_model.evaluation.score import Scorer
from foretype_model.evaluation.systems import PredictorSystem
from foretype_model.predictors.scripted import ScriptedPredictor


def ignore(characters):
    pass


def system(*texts, kind=ScriptedPredictor):
    return PredictorSystem("scripted", lambda: {"scripted": kind(texts)}, Options())


def score(system, passage, modes):
    return Scorer(system, modes).score(passage, ignore)


class FixedSystem:
    """A system whose ghost text and menu are the same everywhere."""

    name = "offering"

    def __init__(self, ghost=None, menu=()):
        self._ghost = ghost and Candidate(ghost, 0.5, "ghost")
        self._menu = list(menu)

    def open(self, _name="", /):
        return self

    def set_text(self, before, after):
        pass

    def menu(self):
        return self._menu

    def next_words(self):
        return []

    def ghost_text(self):
        return self._ghost
