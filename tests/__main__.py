"""Every check the project has, one after another: `python -m tests`. Ends at the first that fails.

Arguments go to pytest, and then coverage is not measured: `python -m tests -k story --record`.
"""

import subprocess
import sys
from pathlib import Path

PYTHON = sys.executable
#: Over the machine's cores, but those of a file together: they share servers.
SPREAD = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile")
#: Coverage of the inner rooms by their own tests; measured in all of them it would double the time they take.
COVERED = (
    "--cov", "--cov-report=term:skip-covered", "--ignore-glob=*test_random_*",
    "tests/model", "tests/rules", "tests/engine", "tests/trace",
)  # fmt: skip
CHECKS = {
    "ruff": (PYTHON, "-m", "ruff", "check", "."),
    "format": (PYTHON, "-m", "ruff", "format", "--check", "."),
    "mypy": (PYTHON, "-m", "mypy"),
    "rooms": (PYTHON, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"),
    "pytest": (PYTHON, "-m", "pytest", "-q", *SPREAD),
    "coverage": (PYTHON, "-m", "pytest", "-q", *SPREAD, *COVERED),
}


def main(arguments: list[str]) -> int:
    root = Path(__file__).parent.parent
    for name, command in CHECKS.items():
        if arguments and name == "coverage":
            continue
        print(f"==> {name}", flush=True)
        whole = [*command, *arguments] if name == "pytest" else command
        code = subprocess.run(whole, cwd=root, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
