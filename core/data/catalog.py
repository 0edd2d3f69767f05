"""The public data sets that Vitrine knows: where they come from, under which licence, and where they lie here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.contracts import N_
from core.settings import Limits, settings

FETCHED_LIMITS = Limits(
    archive_bytes=4 * 2**30,
    archive_entries=200_000,
    archive_unpacked_bytes=8 * 2**30,
    archive_ratio=1000.0,
)
"""For data that an administrator fetched or laid down; what a visitor sends meets the ordinary limits."""


@dataclass(frozen=True)
class DataFile:
    """One file of a data set."""

    name: str
    url: str
    checksum: str
    """`md5:...` or `sha256:...`; empty where the publisher states none that could be confirmed."""
    size_mb: float


@dataclass(frozen=True)
class DataSet:
    """A public data set."""

    name: str
    kind: str
    """Folder below `settings().data` that holds its sort of data."""
    title: str
    summary: str
    licence: str
    attribution: str
    homepage: str
    files: tuple[DataFile, ...]
    """What `fetch` downloads; empty when the set can only be laid down by hand."""
    source: str = ""
    """Where its examples were first published; sets with the same source show the same things in another form, which
    no checksum can tell. Empty when no other set is known to."""

    @property
    def size_mb(self) -> float:
        """Size of the download."""
        return sum(file.size_mb for file in self.files)


_KERMANY = (
    "D. Kermany, K. Zhang, M. Goldbaum, Labeled Optical Coherence Tomography (OCT) and Chest X-Ray Images for "
    "Classification, Mendeley Data v2, 2018, doi:10.17632/rscbjbr9sj.2; D. S. Kermany et al., Cell 172(5), 2018, "
    "doi:10.1016/j.cell.2018.02.010"
)
_MEDMNIST = (
    "J. Yang et al., MedMNIST v2, Scientific Data 10:41, 2023, doi:10.1038/s41597-022-01721-8; images from "
    "D. S. Kermany et al., Cell 172(5), 2018, doi:10.1016/j.cell.2018.02.010"
)
_KERMANY_SOURCE = "doi:10.17632/rscbjbr9sj"
_ZENODO = "https://zenodo.org/records/10519652"

DATA_SETS: tuple[DataSet, ...] = (
    DataSet(
        name="chest_xray_224",
        kind="medical",
        title=N_("Chest X-rays, 224 pixels"),
        summary=N_("5,840 chest X-rays of children, normal or pneumonia, squeezed to 224 x 224 pixels."),
        licence="CC-BY-4.0",
        attribution=_KERMANY,
        homepage="https://data.mendeley.com/datasets/rscbjbr9sj/2",
        source=_KERMANY_SOURCE,
        files=(),
    ),
    DataSet(
        name="chest_xray",
        kind="medical",
        title=N_("Chest X-rays, full resolution"),
        summary=N_("5,856 chest X-rays of children, normal or pneumonia, in the resolution of the hospital."),
        licence="CC-BY-4.0",
        attribution=_KERMANY,
        homepage="https://data.mendeley.com/datasets/rscbjbr9sj/2",
        source=_KERMANY_SOURCE,
        files=(
            DataFile(
                name="ChestXRay2017.zip",
                url="https://data.mendeley.com/public-files/datasets/rscbjbr9sj/files/"
                "f12eaf6d-6023-432f-acc9-80c9d7393433/file_downloaded",
                checksum="",
                size_mb=1178.3,
            ),
        ),
    ),
    DataSet(
        name="pneumoniamnist_28",
        kind="medical",
        title="PneumoniaMNIST, 28",
        summary=N_("5,856 chest X-rays of children, cropped and reduced to 28 x 28 pixels."),
        licence="CC-BY-4.0",
        attribution=_MEDMNIST,
        homepage=_ZENODO,
        source=_KERMANY_SOURCE,
        files=(
            DataFile(
                name="pneumoniamnist.npz",
                url=f"{_ZENODO}/files/pneumoniamnist.npz?download=1",
                checksum="md5:28209eda62fecd6e6a2d98b1501bb15f",
                size_mb=4.2,
            ),
        ),
    ),
    DataSet(
        name="pneumoniamnist_224",
        kind="medical",
        title="PneumoniaMNIST, 224",
        summary=N_("5,856 chest X-rays of children, cropped and reduced to 224 x 224 pixels."),
        licence="CC-BY-4.0",
        attribution=_MEDMNIST,
        homepage=_ZENODO,
        source=_KERMANY_SOURCE,
        files=(
            DataFile(
                name="pneumoniamnist_224.npz",
                url=f"{_ZENODO}/files/pneumoniamnist_224.npz?download=1",
                checksum="md5:d6a3c71de1b945ea11211b03746c1fe1",
                size_mb=207.0,
            ),
        ),
    ),
)


def data_set(name: str) -> DataSet:
    """The data set with this name; raises `KeyError` when there is none."""
    for entry in DATA_SETS:
        if entry.name == name:
            return entry
    raise KeyError(name)


def local_path(name: str) -> Path | None:
    """Folder in which a data set lies on this machine, or None.

    Raises:
        KeyError: When the catalogue has no such data set.
    """
    entry = data_set(name)
    fetched = settings().home / "data" / entry.name
    if entry.files and all((fetched / file.name).is_file() for file in entry.files):
        return fetched
    laid_down = settings().data
    if laid_down is not None and (folder := laid_down / entry.kind / entry.name).is_dir():
        return folder
    return None


def shares_source(path: Path, name: str) -> bool:
    """Whether what lies at `path` is the data set `name`, or another form of the same examples."""
    known = {entry.name: entry for entry in DATA_SETS}
    if name not in known:
        return False
    whole = path.resolve()
    for entry in DATA_SETS:
        folder = local_path(entry.name)
        if folder is not None and whole.is_relative_to(folder.resolve()):
            return entry.name == name or (entry.source != "" and entry.source == known[name].source)
    return False


def called_like(said: str, name: str) -> bool:
    """Whether data that goes by the name `said` is, going by that alone, the set `name` or another form of it."""
    known = {entry.name: entry for entry in DATA_SETS}
    if name not in known:
        return False
    same = [entry for entry in DATA_SETS if entry.name == name or (entry.source and entry.source == known[name].source)]
    names = {entry.name for entry in same} | {Path(file.name).stem for entry in same for file in entry.files}
    return any(said.casefold().startswith(one.casefold()) for one in names)


def is_public(path: Path) -> bool:
    """Whether `path` lies where fetched and laid-down data sets lie, and nothing that a visitor sent."""
    own = settings()
    trusted = [own.home / "data", *([own.data] if own.data else [])]
    whole = path.resolve()
    return any(whole.is_relative_to(root.resolve()) for root in trusted)


def limits_for(path: Path) -> Limits:
    """Wide limits for fetched and laid-down data, the settings' limits for everything else."""
    return FETCHED_LIMITS if is_public(path) else settings().limits
