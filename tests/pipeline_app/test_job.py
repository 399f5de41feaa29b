"""The job: what is written, what is not, and that nothing is lost on the way."""

import json
import os
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pipeline_app.conftest import RULES

from pipeline_app.duplicates import Duplicates
from pipeline_app.job import run
from pipeline_app.parameters import Parameters
from pipeline_app.summary import Summary, UnbalancedError
from pipeline_app.watch import Stopped
from record_io import MissingInputError, OutputRefusedError, UnreadableInputError

Prepare = Callable[..., Parameters]
Job = Callable[..., Summary]
Records = Callable[[], list[dict[str, object]]]


def counts(summary: Summary) -> tuple[int, int, int, int]:
    """Return read, written, duplicates, rejected."""
    return summary.read, summary.written, summary.duplicates, summary.rejected


def visible(folder: Path) -> list[str]:
    """List everything in a folder, hidden or not."""
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


def content(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file."""
    return {name: (folder / name).read_bytes() for name in visible(folder)}


def test_the_first_record_of_a_key_is_written_in_input_order(job: Job, written: Records) -> None:
    """Files count in the order of their names, whatever their format; later records of a key are dropped."""
    files = {
        "1.csv": "id,n\nb,1\na,2\nb,3\n",
        "2.jsonl": '{"id": "a", "n": 4}\n{"id": "c", "n": 5}\n',
        "3/x.csv": "n,id\n6,c\n7,d\n",
    }
    assert counts(job(files)) == (7, 4, 3, 0)
    assert written() == [{"id": "b", "n": 1}, {"id": "a", "n": 2}, {"id": "c", "n": 5}, {"id": "d", "n": 7}]


def test_a_rejected_record_does_not_take_its_key(job: Job, written: Records, rejects: Records) -> None:
    """The first good record of a key is kept, even if a bad one stood before it."""
    assert counts(job({"x.csv": "id,n\na,-1\na,1\na,2\n"})) == (3, 1, 1, 1)
    assert written() == [{"id": "a", "n": 1}]
    (reject,) = rejects()
    assert (reject["file"], reject["number"], reject["reason"]) == ("x.csv", 2, "n: '-1' is less than 0")


def test_malformed_records_are_counted_and_kept_with_their_reason(job: Job, rejects: Records) -> None:
    """What is no record at all is a reject like any other."""
    assert counts(job({"x.csv": "id,n\na,1\nb\n", "y.jsonl": "{\n"})) == (3, 1, 0, 2)
    assert [(one["file"], one["number"], one["rule"]) for one in rejects()] == [
        ("x.csv", 3, "csv"),
        ("y.jsonl", 1, "json"),
    ]


def test_row_groups_have_the_batch_size(job: Job, tmp_path: Path) -> None:
    """Duplicates leave no holes: all row groups but the last are full."""
    rows = "".join(f"{number % 7},{number}\n" for number in range(20))
    summary = job({"x.csv": "id,n\n" + rows}, batch_size=3)
    metadata = pq.ParquetFile(tmp_path / "out" / summary.files[0]).metadata
    assert [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)] == [3, 3, 1]


def test_the_output_can_be_read_as_one_table(job: Job, tmp_path: Path) -> None:
    """Readers of a folder of Parquet files are not disturbed by the manifest and the rejects."""
    job({"x.csv": "id,n\na,1\n,1\n"})
    assert pq.read_table(tmp_path / "out").to_pylist() == [{"id": "a", "n": 1}]


def test_the_manifest_says_what_was_made_of_what(job: Job, tmp_path: Path) -> None:
    """It lists every file of the output, every input with its records, and the counts."""
    summary = job({"x.csv": "id,n\na,1\na,1\n", "y.csv": "id,n\n"})
    manifest = json.loads((tmp_path / "out/_manifest.json").read_text())
    assert manifest["inputs"] == [
        {"name": "x.csv", "bytes": 13, "records": 2},
        {"name": "y.csv", "bytes": 5, "records": 0},
    ]
    assert manifest["parts"] == [{"name": "part-00000.parquet", "records": 1}]
    names = ("read", "written", "duplicates", "rejected")
    assert tuple(manifest[name] for name in names) == counts(summary) == (2, 1, 1, 0)
    assert manifest["files"] == list(summary.files) == ["part-00000.parquet", "_rejects.jsonl"]
    assert visible(tmp_path / "out") == sorted([*summary.files, "_manifest.json"])


def test_the_same_job_gives_the_same_bytes(parameters: Prepare, tmp_path: Path) -> None:
    """Nothing in the output depends on the clock, the machine's folders or chance."""
    given_ = parameters({"x.csv": 'id,n\na,1\nb,"x\n', "y.jsonl": '{"id": "a", "n": 1}\n'})
    run(given_)
    run(given_.model_copy(update={"output_path": str(tmp_path / "again")}))
    for name in visible(tmp_path / "out"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_input_without_records_gives_an_empty_table(job: Job, written: Records, tmp_path: Path) -> None:
    """The columns are there for whoever reads the output."""
    assert counts(job({"x.csv": "id,n\n"})) == (0, 0, 0, 0)
    assert pq.read_schema(tmp_path / "out/part-00000.parquet").names == ["id", "n"]
    assert written() == []


def test_a_key_may_be_of_several_columns(job: Job, written: Records) -> None:
    """Two records are the same only if all columns of the key are, and the border between them counts."""
    rules = 'key = ["a", "b"]\ncolumns.a.type = "string"\ncolumns.b.type = "string"\n'
    assert counts(job({"x.csv": "a,b\nx,yz\nxy,z\nx,yz\n"}, rules=rules)) == (3, 2, 1, 0)
    assert written() == [{"a": "x", "b": "yz"}, {"a": "xy", "b": "z"}]


def test_keys_are_compared_by_value(job: Job) -> None:
    """Two ways to write one number are one key."""
    rules = 'key = ["n"]\ncolumns.n.type = "int"\n'
    assert counts(job({"x.csv": "n\n7\n007\n", "y.jsonl": '{"n": 7}\n'}, rules=rules)) == (3, 1, 2, 0)


def test_an_error_in_the_middle_leaves_nothing(parameters: Prepare, tmp_path: Path) -> None:
    """Files before a broken one are not published on their own."""
    with pytest.raises(UnreadableInputError):
        run(parameters({"1.csv": "id,n\na,1\n", "2.csv": "id,id\n"}))
    assert visible(tmp_path / "out") == []


def test_a_finished_output_is_not_written_again(parameters: Prepare, tmp_path: Path) -> None:
    """The second run is refused, and the first one's output is untouched."""
    given_ = parameters({"x.csv": "id,n\na,1\n"})
    run(given_)
    before = (tmp_path / "out/_manifest.json").stat()
    with pytest.raises(OutputRefusedError, match="holds a finished output"):
        run(given_)
    assert (tmp_path / "out/_manifest.json").stat() == before


def test_output_inside_of_the_input_is_refused(parameters: Prepare, tmp_path: Path) -> None:
    """The next run would read the rejects of this one."""
    given_ = parameters({"x.csv": "id,n\n"}).model_copy(update={"output_path": str(tmp_path / "in/out")})
    with pytest.raises(OutputRefusedError, match="lies in the input"):
        run(given_)
    assert visible(tmp_path / "in") == ["x.csv"]


def test_without_input_no_output_folder_is_made(parameters: Prepare, tmp_path: Path) -> None:
    """A mistyped input path leaves no trace."""
    given_ = parameters({}).model_copy(update={"input_path": str(tmp_path / "absent")})
    with pytest.raises(MissingInputError):
        run(given_)
    assert not (tmp_path / "out").exists()


def test_a_job_that_is_told_to_stop_does_so_at_every_point(parameters: Prepare, tmp_path: Path) -> None:
    """Whenever the question is asked, yes shows nothing; the next run goes on, to the very same bytes."""
    given_ = parameters({"x.csv": "id,n\na,1\na,2\nb,-1\n", "y.csv": "id,n\nb,1\n"})
    run(given_)
    for moment in count():
        output = tmp_path / f"out-{moment}"
        stopped = given_.model_copy(update={"output_path": str(output)})
        asked = iter(range(moment))
        try:
            run(stopped, stopping=lambda asked=asked: next(asked, None) is None)  # type: ignore[misc]
        except Stopped:
            assert visible(output) == [".unfinished"]
            run(stopped)
            assert content(output) == content(tmp_path / "out")
        else:
            break
    # Two files, which Arrow's reader gives in three batches each, keys, one partition, records; and before the end.
    assert moment == 2 * 3 + 2 + 1 + 2 + 1


def test_records_that_are_checked_are_not_read_again(parameters: Prepare, tmp_path: Path) -> None:
    """The next run goes on after the last batch: what changed before that is not noticed (its size and time are)."""
    given_ = parameters({"x.csv": "id,n\na,1\n", "y.csv": "id,n\nb,1\n"})
    asked = iter(range(3))
    with pytest.raises(Stopped):
        run(given_, stopping=lambda: next(asked, None) is None)
    file = tmp_path / "in/x.csv"
    before = file.stat()
    file.write_text("id,n\nX,1\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    run(given_)
    assert [record["id"] for record in pq.read_table(tmp_path / "out").to_pylist()] == ["a", "b"]


@pytest.mark.parametrize("change", ["input", "rules"])
def test_a_job_over_something_else_begins_anew(parameters: Prepare, tmp_path: Path, change: str) -> None:
    """What was checked of other input, or by other rules, is not mixed in."""
    given_ = parameters({"x.csv": "id,n\na,1\n", "y.csv": "id,n\nb,1\n"})
    asked = iter(range(3))
    with pytest.raises(Stopped):
        run(given_, stopping=lambda: next(asked, None) is None)
    if change == "input":
        given_ = parameters({"x.csv": "id,n\nX,1\n"})
    else:
        given_ = parameters({}, rules=RULES.replace("min = 0", "min = 0\nmax = 0"))
    run(given_)
    found = [record["id"] for record in pq.read_table(tmp_path / "out").to_pylist()]
    assert found == (["X", "b"] if change == "input" else [])


def test_another_attempt_at_a_finished_job_gives_its_counts(parameters: Prepare, tmp_path: Path) -> None:
    """A host that dies between the manifest and the exit code costs nothing; but only the very same job may say so."""
    given_ = parameters({"x.csv": "id,n\na,1\na,2\n"})
    first, before = run(given_), content(tmp_path / "out")
    assert run(given_, again=True) == first
    assert content(tmp_path / "out") == before
    other = given_.model_copy(update={"batch_size": 9})
    with pytest.raises(OutputRefusedError, match="holds a finished output"):
        run(other, again=True)


def test_a_lost_record_is_noticed_and_nothing_published(
    parameters: Prepare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each count is taken where it happens: here a duplicate is dropped that was not counted as one."""
    monkeypatch.setattr(Duplicates, "are_first", lambda self, count: pa.array([False] * count))
    with pytest.raises(UnbalancedError, match="do not add up"):
        run(parameters({"x.csv": "id,n\na,1\n"}))
    assert visible(tmp_path / "out") == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(-2, 9)), max_size=60),
    st.lists(st.integers(0, 60), max_size=3),
    st.integers(1, 7),
)
def test_the_job_agrees_with_a_dictionary(
    parameters: Prepare,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, int]],
    cuts: list[int],
    batch_size: int,
) -> None:
    """However the records are split into files, what a dict would keep is written, and in its order."""
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    cut = [rows[start:stop] for start, stop in pairwise(bounds)]
    texts = ["id,n\n" + "".join(f"{id_},{n}\n" for id_, n in part) for part in cut]
    files = {f"{at}.csv": texts[at] if at < len(texts) else "" for at in range(4)}
    output = tmp_path_factory.mktemp("job") / "out"
    summary = run(parameters(files, batch_size=batch_size).model_copy(update={"output_path": str(output)}))
    kept: dict[str, int] = {}
    for id_, n in rows:
        if n >= 0:
            kept.setdefault(str(id_), n)
    found = [(record["id"], record["n"]) for record in pq.read_table(output).to_pylist()]
    assert found == list(kept.items())
    good = sum(n >= 0 for _, n in rows)
    assert counts(summary) == (len(rows), len(kept), good - len(kept), len(rows) - good)
