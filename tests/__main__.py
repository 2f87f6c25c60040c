"""Every check the project has, one after another: `python -m tests`. Ends at the first that fails.

Arguments go to pytest: `python -m tests -k story --record`.
"""

import subprocess
import sys
from pathlib import Path

PYTHON = sys.executable
#: Over the machine's cores, but those of a file together: they share servers.
SPREAD = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile")
CHECKS = {
    "ruff": (PYTHON, "-m", "ruff", "check", "."),
    "format": (PYTHON, "-m", "ruff", "format", "--check", "."),
    "mypy": (PYTHON, "-m", "mypy"),
    "rooms": (PYTHON, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"),
    "pytest": (PYTHON, "-m", "pytest", "-q", *SPREAD, "--cov", "--cov-report=term:skip-covered"),
}


def main(arguments: list[str]) -> int:
    root = Path(__file__).parent.parent
    for name, command in CHECKS.items():
        print(f"==> {name}", flush=True)
        whole = [*command, *arguments] if name == "pytest" else command
        code = subprocess.run(whole, cwd=root, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
