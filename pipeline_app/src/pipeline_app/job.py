"""The job: whole, or one shard of it, or the merge of all shards; none holds more than a few batches in memory."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from batch_params.shard import Shard
from pipeline_app.checking import check
from pipeline_app.manifest import describe, identity, summary_of
from pipeline_app.merging import Merge
from pipeline_app.parameters import Parameters
from pipeline_app.segments import Segments
from pipeline_app.shards import UnfinishedError, folder_of, name_of, shards_in
from pipeline_app.sharing import pieces_of, share_of
from pipeline_app.summary import ShareSummary, Summary
from pipeline_app.watch import Stopped, Watch
from record_io import OutputFolder, OutputRefusedError, UnavailableError, find_inputs, store_at
from record_rules import Checker, load_rules

WHOLE: Final = Shard(index=0, count=1)
_RESUMABLE: Final = (Stopped, UnavailableError, OSError)
log = logging.getLogger(__name__)


def run(
    parameters: Parameters, *, again: bool = False, stopping: Callable[[], bool] = lambda: False
) -> Summary:
    """Do the whole job, or merge what the shards have done; the output folder then holds a manifest, and only then.

    `again` says that this is another attempt at the same job: if the one before has finished it, that is fine.
    `stopping` is asked between two batches; once it says True, Stopped is raised, and what is checked by then is kept
    for the next run. So it is when S3 or a file system fails. After any other error the output folder is as it was
    before; what the shards of an array have done stays there after every error. Raises RulesError, MissingInputError,
    UnreadableInputError, OutputRefusedError, AccessDeniedError and UnfinishedError for what the user can mend;
    UnbalancedError if records were lost, by a bug of ours.
    """
    job = _Job(parameters, Watch(stopping))
    if again and (summary := job.finished()):
        return summary
    return job.merge() if parameters.mode == "merge" else job.whole()


def run_share(
    parameters: Parameters, shard: Shard, *, stopping: Callable[[], bool] = lambda: False
) -> ShareSummary:
    """Read and check one shard's share, and keep it for the merge, if that is not done. Stops and raises as `run`."""
    if parameters.mode == "merge":
        raise UnfinishedError(
            "a merge is one job, which waits for the whole array: it cannot be a child of it"
        )
    return _Job(parameters, Watch(stopping)).share(shard)


class _Job:
    """What all three kinds of run have in common: rules, input, and who waits."""

    def __init__(self, parameters: Parameters, watch: Watch) -> None:
        self._parameters, self._watch = parameters, watch
        self._rules = load_rules(parameters.rules_path)
        self._checker = Checker(self._rules)
        self._inputs = find_inputs(parameters.input_path)
        self._pieces = pieces_of(self._inputs)
        if store_at(parameters.input_path).holds(parameters.output_path):
            raise OutputRefusedError(
                f"{parameters.output_path}: lies in the input, so the next run would read it; name another folder"
            )
        log.info("Reading %s, %d file(s)", parameters.input_path, len(self._inputs))

    def finished(self) -> Summary | None:
        """Return what another attempt at this job has written, if it came to its end."""
        manifest = OutputFolder(self._parameters.output_path).finished()
        return summary_of(manifest, self._parameters, self._inputs) if manifest else None

    def whole(self) -> Summary:
        """Check and write in one process."""
        path = self._parameters.output_path
        with OutputFolder(path, resumable=_RESUMABLE, own=name_of(WHOLE)) as output:
            return self._write(output, [self._check(output, WHOLE)])

    def share(self, shard: Shard) -> ShareSummary:
        """Check one shard's share, and leave it for the merge."""
        path = self._parameters.output_path
        with OutputFolder(path, resumable=_RESUMABLE, share=name_of(shard)) as output:
            segments = self._check(output, shard)
        summary = ShareSummary.of(shard, segments.whole, path)
        summary.check()
        return summary

    def merge(self) -> Summary:
        """Write what the shards have checked. Whatever goes wrong, they need not do it again."""
        with OutputFolder(self._parameters.output_path) as output:
            return self._write(output, list(self._shards(output)))

    def _shards(self, output: OutputFolder) -> Iterator[Segments]:
        def segments_of(shard: Shard) -> Segments:
            return Segments(output.store, folder_of(shard), self._checker.schema)

        def is_ours(shard: Shard) -> bool:
            return segments_of(shard).identity == self._identity(shard)

        for shard in shards_in(output.store, is_ours):
            segments = segments_of(shard)
            if segments.identity != self._identity(shard):
                raise UnfinishedError(
                    f"{output.store.address}: {shard} read other input, or by other rules; run it again"
                )
            yield segments

    def _check(self, output: OutputFolder, shard: Shard) -> Segments:
        segments = Segments(output.store, folder_of(shard), self._checker.schema)
        if segments.identity != self._identity(shard):
            segments.begin(self._identity(shard))
        elif segments.whole:
            log.info("Resuming %s after %d segment(s) that are there", shard, len(segments.whole))
        if not segments.done:
            share = list(share_of(self._pieces, shard))
            check(self._pieces, share, self._checker, segments, self._watch)
        return segments

    def _write(self, output: OutputFolder, shards: Sequence[Segments]) -> Summary:
        merge = Merge(shards, self._checker.schema, output.work, self._watch)
        merged = merge.write(self._pieces, self._rules.key, self._parameters.batch_size)
        summary = Summary.of(merged, self._parameters.output_path)
        summary.check()
        self._watch.check()
        output.publish(summary.files, describe(summary, self._parameters, self._inputs, merged))
        return summary

    def _identity(self, shard: Shard) -> dict[str, object]:
        return identity(self._parameters, self._inputs, shard)
