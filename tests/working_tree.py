"""The files of this project as git sees them.

What may live here: names and copies of the files that git would take, as they stand in the working tree.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def git_names(root: Path, *words: str) -> list[str]:
    """What git answers to a command whose answer is names, asked with `-z`."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


def files(root: Path = ROOT, *folders: str) -> list[str]:
    """Every file that is there and that git does not ignore, below these folders or anywhere."""
    names = git_names(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *folders)
    return sorted(name for name in set(names) if (root / name).is_file())


def copy_tree(to: Path, root: Path = ROOT) -> None:
    """Everything that git would take, as it stands in the working tree."""
    for name in files(root):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, to / name)
