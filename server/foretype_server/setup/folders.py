"""The folders in which editors look for the files of a user."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def config_home() -> Path:
    """Return the folder for configuration: XDG's, or on Windows the roaming folder."""
    if os.name == "nt":
        return _user_folder("APPDATA", "AppData/Roaming")
    return xdg_config_home()


def xdg_config_home() -> Path:
    """Return XDG's folder for configuration, which some editors use on each platform."""
    return _user_folder("XDG_CONFIG_HOME", ".config")


def data_home() -> Path:
    """Return XDG's folder for data."""
    return _user_folder("XDG_DATA_HOME", ".local/share")


def local_home() -> Path:
    """Return Windows' folder for files that stay on the machine."""
    return _user_folder("LOCALAPPDATA", "AppData/Local")


def application_home() -> Path:
    """Return the folder in which desktop programs keep their settings."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return config_home()


def _user_folder(variable: str, otherwise: str) -> Path:
    """Return the folder in an environment variable, or `otherwise` under the home folder."""
    named = os.environ.get(variable)
    return Path(named) if named else Path.home() / otherwise
