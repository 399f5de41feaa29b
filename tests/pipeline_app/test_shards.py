"""Array jobs: shards, the merge of them, and that it makes no difference."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch_params.shard import Shard
from pipeline_app import recorder, sharing
from pipeline_app.job import run, run_share
from pipeline_app.parameters import Parameters
from pipeline_app.shards import UnfinishedError
from pipeline_app.sharing import pieces_of, share_of
from pipeline_app.summary import ShareSummary
from pipeline_app.watch import Stopped
from record_io import OutputRefusedError, UnreadableInputError, find_inputs

Prepare = Callable[..., Parameters]
ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 3)), max_size=40)
FILES = {
    "1.csv": "id,n\nb,1\na,2\nb,3\n",
    "2.jsonl": '{"id": "a", "n": 4}\n\n{"id": "c"}\n' + '{"id": "d", "n": 5}\n' * 9,
    "3/x.csv": "n,id\n6,c\n-7,d\n",
    "4.jsonl": '{"id": "d", "n": 7}\n',
}


def content(folder: Path) -> dict[str, bytes]:
    """Return the bytes of everything in a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def to(parameters: Parameters, output: Path | str, mode: str = "run") -> Parameters:
    """Return the parameters with another output."""
    return parameters.model_copy(update={"output_path": str(output), "mode": mode})


def run_array(parameters: Parameters, output: Path | str, count: int) -> None:
    """Run all shards, the last first, and the merge."""
    for index in reversed(range(count)):
        run_share(to(parameters, output), Shard(index=index, count=count))
    run(to(parameters, output, "merge"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut files of more than 40 bytes, and write every batch as a segment."""
    monkeypatch.setattr(sharing, "PIECE", 40)
    monkeypatch.setattr(recorder, "_LARGE", 1)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 40), max_size=4), count=st.integers(1, 9))
@pytest.mark.usefixtures("small")
def test_a_merge_of_shards_is_the_same_as_one_run(
    parameters: Prepare,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, int]],
    cuts: list[int],
    count: int,
) -> None:
    """Byte for byte: part files, rejects with their numbers, manifest; whatever keys the shards share."""
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    cut = [rows[start:stop] for start, stop in pairwise(bounds)]
    files = {f"{at}.{'csv' if at % 2 else 'jsonl'}": "" for at in range(6)}
    for at, part in enumerate(cut):
        lines = "".join(f'{{"id": "{id_}", "n": {n}}}\n' + "\n" * (id_ == 3) for id_, n in part)
        files[f"{at}.{'csv' if at % 2 else 'jsonl'}"] = (
            "id,n\n" + "".join(f"{id_},{n}\n" for id_, n in part) if at % 2 else lines
        )
    folder = tmp_path_factory.mktemp("array")
    given_ = parameters(files)
    run(to(given_, folder / "one"))
    run_array(given_, folder / "many", count) if count > 1 else run(to(given_, folder / "many"))
    assert content(folder / "many") == content(folder / "one")


@pytest.mark.usefixtures("small")
def test_a_reject_in_a_file_that_is_cut_has_its_number_in_the_file(
    parameters: Prepare, tmp_path: Path
) -> None:
    """Blank lines count, also those before the piece that the reject is in."""
    run_array(
        parameters(FILES | {"5.jsonl": "\n\n" + '{"id": "x", "n": 1}\n' * 5 + "?\n"}), tmp_path / "out", 3
    )
    lines = (tmp_path / "out/_rejects.jsonl").read_text().splitlines()
    found = [(one["file"], one["number"]) for one in map(json.loads, lines)]
    assert found == [("2.jsonl", 3), ("3/x.csv", 3), ("5.jsonl", 8)]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("count", range(1, 10))
def test_every_piece_is_in_one_shard(parameters: Prepare, count: int) -> None:
    """Shards follow one another, also where there are more of them than pieces."""
    pieces = pieces_of(find_inputs(parameters(FILES).input_path))
    shares = [list(share_of(pieces, Shard(index=index, count=count))) for index in range(count)]
    assert [number for share in shares for number in share] == list(range(len(pieces)))


@pytest.mark.parametrize(
    ("sizes", "shares"), [([1, 1, 1, 1], [2, 2]), ([9, 1, 1, 1], [1, 3]), ([1, 0, 0, 9], [3, 1])]
)
def test_shards_have_about_as_many_bytes(tmp_path: Path, sizes: list[int], shares: list[int]) -> None:
    """Not as many files: one large file is a share of its own."""
    for number, size in enumerate(sizes):
        (tmp_path / f"{number}.csv").write_bytes(b"x" * 1000 * size)
    pieces = pieces_of(find_inputs(tmp_path))
    assert [len(list(share_of(pieces, Shard(index=index, count=2)))) for index in range(2)] == shares


def test_a_merge_waits_for_all_shards(parameters: Prepare, tmp_path: Path) -> None:
    """Those that are missing are named, those that are done stay; when the others are done too, it goes on."""
    given_ = parameters(FILES)
    with pytest.raises(UnfinishedError, match="no shard has done its work there"):
        run(to(given_, tmp_path / "out", "merge"))
    for index in (0, 2):
        run_share(to(given_, tmp_path / "out"), Shard(index=index, count=4))
    with pytest.raises(UnfinishedError, match="2 of 4 shards are not done: 1, 3; run them again"):
        run(to(given_, tmp_path / "out", "merge"))
    for index in (1, 3):
        run_share(to(given_, tmp_path / "out"), Shard(index=index, count=4))
    run(to(given_, tmp_path / "out", "merge"))
    run(to(given_, tmp_path / "one"))
    assert content(tmp_path / "out") == content(tmp_path / "one")


def test_a_whole_run_that_fails_leaves_what_the_shards_have_done(parameters: Prepare, tmp_path: Path) -> None:
    """Somebody forgot to say `merge`, and it met a file that cannot be read: the merge can still be had."""
    given_ = parameters(FILES)
    for index in range(3):
        run_share(to(given_, tmp_path / "out"), Shard(index=index, count=3))
    before = content(tmp_path / "out")
    damaged = tmp_path / "in/5.csv.gz"
    damaged.write_bytes(b"no gzip")
    with pytest.raises(UnreadableInputError):
        run(to(given_, tmp_path / "out"))
    assert content(tmp_path / "out") == before
    damaged.unlink()
    run(to(given_, tmp_path / "out", "merge"))
    run(to(given_, tmp_path / "one"))
    assert content(tmp_path / "out") == content(tmp_path / "one")


def test_a_merge_over_other_input_is_refused(parameters: Prepare, tmp_path: Path) -> None:
    """A file that came while the shards were at work belongs to none of them."""
    given_ = parameters(FILES)
    for index in range(2):
        run_share(to(given_, tmp_path / "out"), Shard(index=index, count=2))
    given_ = parameters(FILES | {"9.csv": "id,n\nz,1\n"})
    with pytest.raises(
        UnfinishedError, match="shard 0 of 2 read other input, or by other rules; run it again"
    ):
        run(to(given_, tmp_path / "out", "merge"))


def test_an_older_array_does_not_stand_in_the_way(parameters: Prepare, tmp_path: Path) -> None:
    """The merge takes the array that read its input, and names what that one lacks, though a smaller one is whole."""
    given_ = parameters(FILES)
    for index in range(2):
        run_share(to(given_, tmp_path / "out"), Shard(index=index, count=2))
    given_ = parameters(FILES | {"9.csv": "id,n\nz,1\n"})
    for index in range(2):
        run_share(to(given_, tmp_path / "out"), Shard(index=index, count=3))
    with pytest.raises(UnfinishedError, match="1 of 3 shards are not done: 2; run them again"):
        run(to(given_, tmp_path / "out", "merge"))
    run_share(to(given_, tmp_path / "out"), Shard(index=2, count=3))
    run(to(given_, tmp_path / "out", "merge"))
    run(to(given_, tmp_path / "one"))
    assert content(tmp_path / "out") == content(tmp_path / "one")


def test_a_merge_is_no_child_of_an_array(parameters: Prepare, tmp_path: Path) -> None:
    """Ten children that all merge would be in each other's way."""
    with pytest.raises(UnfinishedError, match="a merge is one job"):
        run_share(to(parameters(FILES), tmp_path / "out", "merge"), Shard(index=1, count=2))


def test_a_shard_shows_nothing_and_is_done_once(parameters: Prepare, tmp_path: Path) -> None:
    """Until the merge there is no output; and a child that runs again has nothing to do."""
    given_ = parameters(FILES)
    first = run_share(to(given_, tmp_path / "out"), Shard(index=1, count=2))
    before = content(tmp_path / "out")
    assert all(name.startswith(".unfinished/shard-00001-of-00002/") for name in before)
    assert run_share(to(given_, tmp_path / "out"), Shard(index=1, count=2)) == first
    assert content(tmp_path / "out") == before


def test_shards_are_at_work_at_the_same_time_but_not_beside_a_merge(
    parameters: Prepare, tmp_path: Path
) -> None:
    """Two of one folder go side by side; the same one twice, or a merge, is refused."""
    given_ = parameters(FILES)
    seen: list[ShareSummary] = []

    def asked() -> bool:
        if not seen:
            seen.append(run_share(to(given_, tmp_path / "out"), Shard(index=1, count=2)))
            with pytest.raises(OutputRefusedError, match="another run is writing there now"):
                run_share(to(given_, tmp_path / "out"), Shard(index=0, count=2))
            with pytest.raises(OutputRefusedError, match="another run is writing there now"):
                run(to(given_, tmp_path / "out", "merge"))
        return False

    run_share(to(given_, tmp_path / "out"), Shard(index=0, count=2), stopping=asked)
    assert seen


@pytest.mark.usefixtures("small")
def test_a_shard_that_is_stopped_at_every_batch_loses_nothing(parameters: Prepare, tmp_path: Path) -> None:
    """However often it is told to stop, the batch that it was at is done, and none is done twice."""
    given_ = parameters(FILES)
    shard = Shard(index=0, count=2)
    stops = 0
    while True:
        asked = iter([False])
        try:
            run_share(to(given_, tmp_path / "out"), shard, stopping=lambda asked=asked: next(asked, True))  # type: ignore[misc]
            break
        except Stopped:
            stops += 1
    assert stops == 5
    run_share(to(given_, tmp_path / "out"), Shard(index=1, count=2))
    run(to(given_, tmp_path / "out", "merge"))
    run(to(given_, tmp_path / "one"))
    assert content(tmp_path / "out") == content(tmp_path / "one")
