"""The job: read, check, drop duplicates, write; none of it holds more than a few batches in memory."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Final

from pipeline_app.duplicates import Duplicates
from pipeline_app.manifest import describe
from pipeline_app.parameters import Parameters
from pipeline_app.spill import RowSpill
from pipeline_app.summary import Summary
from pipeline_app.watch import Watch
from record_io import OutputFolder, OutputRefusedError, PartWriter, RejectWriter, find_inputs, read_records
from record_rules import Checker, load_rules

REJECTS: Final = "_rejects.jsonl"
log = logging.getLogger(__name__)


def run(parameters: Parameters, *, stopping: Callable[[], bool] = lambda: False) -> Summary:
    """Do the whole job and return its counts: the output folder then holds a manifest, and only then.

    `stopping` is asked between two batches; once it says True, Stopped is raised. Whatever is raised, the
    output folder is as it was before. Raises RulesError, MissingInputError, UnreadableInputError and
    OutputRefusedError for what the user can mend; UnbalancedError if records were lost, by a bug of ours.
    """
    rules = load_rules(parameters.rules_path)
    inputs = find_inputs(parameters.input_path)
    _keep_apart(parameters)
    checker = Checker(rules)
    watch = Watch(stopping)
    log.info("Reading %s, %d file(s)", parameters.input_path, len(inputs))
    read: Counter[str] = Counter()  # records, by file

    with OutputFolder(parameters.output_path) as output:
        rows = RowSpill(output.work / "records.arrow", checker.schema)
        duplicates = Duplicates(output.work, checker.schema, rules.key)

        # 1. Read and check every record. The good ones and their keys go to disk.
        with rows, RejectWriter(output.work / REJECTS) as rejects:
            batches = read_records(inputs, checker.reading)
            for batch in watch.over(batches, lambda: f"Read {read.total():,} records"):
                checked = checker.check(batch)
                rejects.write(checked.rejects)
                rows.write(checked.records)
                duplicates.add(checked.records)
                read[batch.file] += batch.size
                log.debug("Read %s: %d records", batch.file, read[batch.file])

        # 2. Decide which of them repeat the key of an earlier one.
        repeated = sum(watch.over(duplicates.decide(), lambda: "Comparing keys"))

        # 3. Write the others.
        with PartWriter(output.work, checker.schema, batch_size=parameters.batch_size) as parts:
            for records in watch.over(rows.read(), lambda: f"Wrote {parts.records:,} records"):
                parts.write(records.filter(duplicates.are_first(records.num_rows)))

        summary = Summary(
            read=read.total(),
            written=parts.records,
            duplicates=repeated,
            rejected=rejects.count,
            files=(*(part.name for part in parts.parts), REJECTS),
            output=str(parameters.output_path),
        )
        summary.check()
        watch.check()
        output.publish(summary.files, describe(summary, parameters, inputs, read, parts.parts))
    return summary


def _keep_apart(parameters: Parameters) -> None:
    if parameters.output_path.resolve().is_relative_to(parameters.input_path.resolve()):
        raise OutputRefusedError(
            f"{parameters.output_path}: lies in the input, so the next run would read it; name another folder"
        )
