"""MovieLens as it comes from its publisher: fetched from a server on the loopback and read in each of its layouts."""

from __future__ import annotations

import functools
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core import fetch as module
from core.data.catalog import data_set, local_path, name_of
from core.data.data_sets import DATA_SETS
from core.data.interactions import Interactions
from core.data.read_interactions import read_interactions
from core.errors import InputRefused
from core.fetch import Patience, fetch
from core.intake.colon_tables import is_colon_table
from core.settings import settings

FLAGS = "|".join("1" if place in (3, 5) else "0" for place in range(19))
"""An animation and a comedy."""
PLACES = ((1, 2, 5, 978300760), (1, 1, 3, 978302109), (2, 2, 4, 978298413), (3, 10, 1, 978220179))
LAYOUTS: dict[str, Mapping[str, bytes]] = {
    "movielens_100k": {
        "ml-100k/u.data": "".join("\t".join(map(str, row)) + "\n" for row in PLACES).encode(),
        "ml-100k/u.item": (
            f"1|Toy Story (1995)|01-Jan-1995||http://x|{FLAGS}\n2|Fianc\xe9e, La (1996)|01-Jan-1996||http://y|{FLAGS}\n"
            f"10|unknown||||{FLAGS}\n"
        ).encode("latin-1"),
        "ml-100k/u.user": b"1|24|M|technician|85711\n",
        "ml-100k/u.genre": b"unknown|0\nAction|1\n",
        "ml-100k/u1.base": b"1\t2\t5\t978300760\n",
        "ml-100k/README": b"SUMMARY & USAGE LICENSE\n",
    },
    "movielens_1m": {
        "ml-1m/ratings.dat": "".join("::".join(map(str, row)) + "\n" for row in PLACES).encode(),
        "ml-1m/movies.dat": (
            "1::Toy Story (1995)::Animation|Comedy\n2::Fianc\xe9e, La (1996)::Animation|Comedy\n"
            '10::"Quoted"; and | marked (2000)::Animation|Comedy\n'
        ).encode("latin-1"),
        "ml-1m/users.dat": b"1::F::1::10::48067\n2::M::56::16::70072\n3::M::25::15::55117\n",
        "ml-1m/README": b"SUMMARY\n",
    },
    "movielens_latest_small": {
        "ml-latest-small/ratings.csv": (
            "userId,movieId,rating,timestamp\n" + "".join(",".join(map(str, row)) + "\n" for row in PLACES)
        ).encode(),
        "ml-latest-small/movies.csv": (
            'movieId,title,genres\n1,Toy Story (1995),Animation|Comedy\n2,"Fiancée, La (1996)",Animation|Comedy\n'
            "10,unknown,Animation|Comedy\n"
        ).encode(),
        "ml-latest-small/tags.csv": b"userId,movieId,tag,timestamp\n2,1,funny,1445714994\n",
        "ml-latest-small/links.csv": b"movieId,imdbId,tmdbId\n1,0114709,862\n",
        "ml-latest-small/README.txt": b"Summary\n=======\nThis dataset describes ratings.\n",
    },
}


def packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of a server that hands out what lies in the folder `served`."""
    (tmp_path / "served").mkdir()
    handler = functools.partial(_Quiet, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def check(data: Interactions) -> None:
    """The four ratings, in order of time, with their films."""
    users, items = (data.users[data.user].tolist(), data.catalogue.ids[data.item].tolist())
    assert list(zip(users, items, strict=True)) == [("3", "10"), ("2", "2"), ("1", "2"), ("1", "1")]
    assert data.rating is not None and data.rating.tolist() == [1, 4, 5, 3]
    assert str(data.time[0] if data.time is not None else "") == "2000-12-30T23:49:39"
    titles = dict(zip(data.catalogue.ids.tolist(), data.catalogue.titles, strict=True))
    assert (titles["1"], titles["2"]) == ("Toy Story (1995)", "Fiancée, La (1996)")
    assert set(data.catalogue.attributes["genres"]) == {"Animation|Comedy"}


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUTS)
def test_what_is_fetched_is_found_and_read(
    name: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("VITRINE_DATA", raising=False)
    settings.cache_clear()
    entry, content = data_set(name), packed(LAYOUTS[name])
    (file,) = entry.files
    (tmp_path / "served" / file.name).write_bytes(content)
    checksum = f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"
    local = replace(entry, files=(replace(file, url=f"{address}/{file.name}", checksum=checksum),))
    monkeypatch.setattr(module, "data_set", lambda _: local)
    folder = fetch(name, patience=Patience(attempts=1))
    assert folder == tmp_path / "home" / "data" / name == local_path(name)
    assert name_of(folder) == name
    found = read_interactions(folder)
    check(found)
    assert found.name == name
    assert read_interactions(folder / file.name).sha256 == found.sha256


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_unpacked_folder_reads_like_the_zip(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    for path, data in LAYOUTS[name].items():
        (folder / Path(path).name).write_bytes(data)
    check(read_interactions(folder))


def test_addresses_are_the_publishers_and_every_download_has_a_checksum() -> None:
    entries = [entry for entry in DATA_SETS if entry.name in LAYOUTS]
    assert len(entries) == len(LAYOUTS)
    for entry in entries:
        assert entry.homepage.startswith("https://grouplens.org/datasets/movielens/")
        assert all(file.url.startswith("https://files.grouplens.org/") and file.checksum for file in entry.files)


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        (b"1::2::3", True),
        (b"1::Toy: a story::x|y", True),
        (b"fe80::1,2", False),
        (b"1,a::b::c", False),
        (b"1::2", False),
        (b"user_id,item_id", False),
    ],
)
def test_double_colons_are_told_from_addresses(tmp_path: Path, line: bytes, is_one: bool) -> None:
    (tmp_path / "a.dat").write_bytes((line + b"\n") * 3)
    assert is_colon_table(tmp_path / "a.dat") is is_one


def test_a_tab_in_a_cell_is_refused_and_no_table_is_shifted(tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_bytes(b"1::2::5::978300760\n1::3\t4::5::978300760\n")
    with pytest.raises(InputRefused) as refused:
        read_interactions(tmp_path / "ratings.dat")
    assert refused.value.code == "table.mixed"


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "files"),
    [("movielens_100k", ("u.data", "u.item", "u.user")), ("movielens_latest_small", ("ratings.csv", "movies.csv"))],
)
def test_the_real_files_in_a_zip_are_those_of_the_folder(name: str, files: tuple[str, ...], tmp_path: Path) -> None:
    data = settings().data
    laid_down = None if data is None else data / "recsys" / name
    if laid_down is None or not laid_down.is_dir():
        pytest.skip(f"needs VITRINE_DATA/recsys/{name}")
    path = tmp_path / "fetched.zip"
    path.write_bytes(packed({f"ml/{file}": (laid_down / file).read_bytes() for file in files}))
    assert read_interactions(path).sha256 == read_interactions(laid_down).sha256
