"""Code as it is deployed: how large it is, and what comes out of a .zip."""

import os
import zipfile
from pathlib import Path

import pytest

from streamsim.functions.package import UnreadablePackageError, folder_size, size_refusals, unpack
from streamsim.model.units import MIB
from streamsim.rules.limits import UNZIPPED, ZIPPED


def sparse(path: Path, size: int) -> Path:
    """A file of so many bytes that takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_a_folder_is_as_large_as_the_files_that_one_deploys(tmp_path: Path) -> None:
    sparse(tmp_path / "app.py", 100)
    sparse(tmp_path / "vendored" / "deep" / "data", 1000)
    sparse(tmp_path / ".git" / "pack", 1 << 30)
    sparse(tmp_path / "venv" / "pyvenv.cfg", 1 << 30)
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    link = os.lstat(tmp_path / "link").st_size
    assert folder_size(tmp_path, UNZIPPED) == 1100 + link


def messages(place: Path, *, uploaded: bool = False) -> list[str]:
    return [refusal.message for refusal in size_refusals(place, uploaded=uploaded)]


def test_code_of_more_than_250_megabytes_is_refused(tmp_path: Path) -> None:
    place = sparse(tmp_path / "code" / "model", UNZIPPED).parent
    assert messages(place) == []
    sparse(place / "one", 1)
    assert messages(place) == ["Unzipped size must be smaller than 262144000 bytes"]


def packed(path: Path, *, size: int, method: int) -> Path:
    with zipfile.ZipFile(path, "w", method) as file, file.open("data", "w", force_zip64=True) as entry:
        for _ in range(size // MIB):
            entry.write(bytes(MIB))
    return path


def test_a_packed_file_is_as_large_as_what_is_in_it(tmp_path: Path) -> None:
    path = packed(tmp_path / "bomb.zip", size=UNZIPPED + MIB, method=zipfile.ZIP_DEFLATED)
    assert messages(path) == ["Unzipped size must be smaller than 262144000 bytes"]


def test_what_is_uploaded_to_lambda_itself_has_50_megabytes_packed(tmp_path: Path) -> None:
    path = packed(tmp_path / "large.zip", size=ZIPPED, method=zipfile.ZIP_STORED)
    assert messages(path) == []
    assert messages(path, uploaded=True) == ["Zipped size must be smaller than 52428800 bytes"]


def test_programs_stay_programs_and_nothing_leaves_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, mode in (("bootstrap", 0o755), ("app/lib.py", 0o644), ("../outside", 0o644)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            file.writestr(entry, name)
    unpack(path, tmp_path / "folder")
    found = {
        str(one.relative_to(tmp_path / "folder")): os.access(one, os.X_OK)
        for one in (tmp_path / "folder").rglob("*")
        if one.is_file()
    }
    assert found == {"bootstrap": True, "app/lib.py": False, "outside": False}
    assert not (tmp_path / "outside").exists()


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_text("no zip")
    with pytest.raises(UnreadablePackageError, match=r"code\.zip is no \.zip file: File is not a zip file"):
        messages(tmp_path / "code.zip")
