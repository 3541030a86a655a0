"""What goes wrong in ways a user can mend. The text of each is one line: what happened, and what to do."""


class ForetypeError(Exception):
    """Any error whose text is meant for the user."""


class ModelError(ForetypeError):
    """A model file is missing, truncated, foreign, or not for this version."""


class MissingModelError(ModelError):
    """There is no model of the kind that is needed."""


class PredictorError(ForetypeError):
    """A predictor is unknown, could not be made, or failed."""


class CorpusError(ForetypeError):
    """The paths given hold no text to learn from."""


class BrokenIndexError(ForetypeError):
    """An index file is missing, truncated, or of another release."""


class WorkspaceError(ForetypeError):
    """The texts of a workspace could not be indexed."""
