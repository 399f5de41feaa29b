"""Many values asked for in few requests."""

from collections.abc import Callable, Mapping, Sequence

from batch_params.aws.patience import patiently
from batch_params.aws.unavailable import UnavailableError
from batch_params.exit_codes import EX_TEMPFAIL

Answers = dict[str, str | UnavailableError]
Several = Callable[[Sequence[str]], Mapping[str, str]]
One = Callable[[str], str]


def ask(names: Sequence[str], *, at_once: int, several: Several, one: One) -> Answers:
    """Ask for several at once, then one by one for what was not given: one that is denied or absent hides the rest.

    A role that may only read single ones is served so too. A service that is too busy is not asked for more.
    """
    answers: Answers = {}
    wanted = [*dict.fromkeys(names)]
    for start in range(0, len(wanted), at_once):
        some = wanted[start : start + at_once]
        answers |= _together(some, several) if len(some) > 1 and not _busy(answers) else {}
        for name in some:
            if name not in answers:
                answers[name] = _busy(answers) or _alone(name, one)
    return answers


def _together(some: Sequence[str], several: Several) -> Answers:
    try:
        found = patiently(lambda: several(some))
    except UnavailableError as refusal:
        return {some[0]: refusal} if refusal.exit_code == EX_TEMPFAIL else {}
    return {name: found[name] for name in some if name in found}


def _alone(name: str, one: One) -> str | UnavailableError:
    try:
        return patiently(lambda: one(name))
    except UnavailableError as refusal:
        return refusal


def _busy(answers: Answers) -> UnavailableError | None:
    refusals = (answer for answer in answers.values() if isinstance(answer, UnavailableError))
    return next((refusal for refusal in refusals if refusal.exit_code == EX_TEMPFAIL), None)
