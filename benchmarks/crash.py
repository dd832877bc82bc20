"""Proof that nothing is lost: homes are killed at random moments, reopened and compared with what was acknowledged.

``python -m benchmarks.crash --kills 500 --seed 1`` kills a process that adds, updates and forgets documents and brings
the indexes up to date; ``--bare-chroma`` does the same to Chroma alone, beside it. A fresh process then examines
everything in the home (see ``crash_worker.examine``) and the next life goes on in it.

``--every-call 1`` lets a fixed life end at its first durable call, at its second and so on, and lets each of them
fail as on a full and on a broken disk; ``--every-call 10`` takes every tenth. ``--openers 100`` lets two processes
change a home at once. Needs ``os.fork``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

from benchmarks.crash_faults import EXIT_STATUS, FAULTS, Faults
from benchmarks.crash_worker import (
    Accepted,
    Findings,
    Parts,
    Place,
    accepted_states,
    examine,
    examine_chroma,
    live,
    live_beside,
    live_on_chroma,
    live_through_faults,
    prepare,
    recover_through_faults,
    start,
)
from ingest import Korean

_LIFE_SECONDS = 0.9  # a life ends at a uniformly random moment before
_RECOVERY_SECONDS = 0.35  # and one that begins with a recovery before this one
_KILLED_AGAIN = 0.3  # how often the next life begins without an examination between
_LIVES_PER_HOME = 25
_EXAMINATION_SECONDS = 120


@dataclass(eq=False)
class Tally:
    """What became of ``kills`` kills. ``documents`` counts comparisons of a document with what was acknowledged."""

    system: str
    kills: int = 0
    examinations: int = 0
    documents: int = 0
    lost: int = 0
    half: int = 0
    wrong: int = 0
    unusable: int = 0
    untyped: int = 0
    rebuilt: int = 0
    killed_while: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class System:
    """A store under test: how it lives, how it is examined, and after which findings its home is given up."""

    name: str
    live: Callable[[Place, Parts, str], None]
    examine: Callable[[Place, Parts, Accepted], Findings]
    is_over: Callable[[Findings], object]


SYSTEMS = (
    System("loopai", live, examine, lambda found: found.complaints),
    System("bare Chroma", live_on_chroma, examine_chroma, lambda found: found.lost or found.wrong or found.unusable),
)


def kill_loop(system: System, parts: Parts, kills: int, seed: int, root: Path) -> Iterator[Tally]:
    """Kill ``kills`` lives of a system; the tally after each examination."""
    rng = random.Random(f"{system.name}:{seed}")
    tally = Tally(system.name)
    home = 0
    while tally.kills < kills:
        place = Place(root / f"{system.name.replace(' ', '-')}-{home}")
        yield from _kill_home(system, parts, place, min(_LIVES_PER_HOME, kills - tally.kills), rng, tally)
        home += 1


def _kill_home(
    system: System, parts: Parts, place: Place, lives: int, rng: random.Random, tally: Tally
) -> Iterator[Tally]:
    place.home.mkdir(parents=True)
    place.journal.touch()
    held: dict[int, str | None] = {}
    generation = ""
    is_recovery = False
    for remaining in reversed(range(lives)):
        if not _kill_one(system, parts, place, rng, tally, _RECOVERY_SECONDS if is_recovery else _LIFE_SECONDS):
            return  # the store could not be opened any more
        is_recovery = bool(remaining) and rng.random() < _KILLED_AGAIN
        if is_recovery:
            continue
        accepted = accepted_states(place.journal, held)
        found = _examined(system, parts, place, accepted)
        _count(tally, found, accepted)
        tally.rebuilt += bool(generation) and found.generation != generation
        tally.complaints += [f"{place.root.name}, kill {tally.kills}: {line}" for line in found.complaints]
        yield tally
        if system.is_over(found):
            return  # the folder stays as it is; the next life begins in another one
        held, generation = found.held, found.generation
        place.journal.write_text("")
    shutil.rmtree(place.root)


def _kill_one(system: System, parts: Parts, place: Place, rng: random.Random, tally: Tally, seconds: float) -> bool:
    """Whether a life went on until it was killed. Ours must; a life of bare Chroma that ends by itself is counted."""
    errors = place.root / "life.txt"
    seed = str(rng.random())
    moment = time.monotonic() + rng.uniform(0, seconds)
    child = start(lambda: system.live(place, parts, seed), errors)
    while time.monotonic() < moment:
        if os.waitpid(child, os.WNOHANG)[0]:
            if system is SYSTEMS[0]:
                raise RuntimeError(errors.read_text("utf-8"))
            tally.unusable += 1
            return False
        time.sleep(min(0.005, max(0.0, moment - time.monotonic())))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    tally.kills += 1
    last = place.journal.read_text("utf-8").splitlines()[-1:]
    moment_of_death = json.loads(last[0])[0] if last else "starting"
    tally.killed_while[moment_of_death] = tally.killed_while.get(moment_of_death, 0) + 1
    return True


def _examined(system: System, parts: Parts, place: Place, accepted: Accepted) -> Findings:
    """Findings of a process of its own: what is examined may kill it."""
    answer, errors = place.root / "findings.json", place.root / "examination.txt"
    for path in (answer, errors):
        path.unlink(missing_ok=True)

    def work() -> None:
        answer.write_text(json.dumps(asdict(system.examine(place, parts, accepted))), "utf-8")

    child = start(work, errors)
    deadline = time.monotonic() + _EXAMINATION_SECONDS
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return Findings(unusable=["no answer"])
        time.sleep(0.005)
    if ended[1]:
        reason = errors.read_text("utf-8").strip() if errors.exists() else f"signal {os.WTERMSIG(ended[1])}"
        return Findings(unusable=[reason])
    found = json.loads(answer.read_text("utf-8"))
    return Findings(**{**found, "held": {int(number): text for number, text in found["held"].items()}})


def openers_loop(parts: Parts, times: int, seed: int, root: Path) -> Iterator[Tally]:
    """Two processes change a home at once, each its own documents, and find what they have put."""
    tally = Tally("two openers")
    for number in range(times):
        place = Place(root / f"openers-{number}")
        place.home.mkdir(parents=True)
        halves = (range(10), range(10, 20))
        told = [place.root / f"complaints-{mine.start}.txt" for mine in halves]
        children = [
            start(partial(live_beside, place, parts, f"{seed}:{number}:{mine.start}", mine), errors)
            for mine, errors in zip(halves, told, strict=True)
        ]
        for child in children:
            os.waitpid(child, 0)
        complaints = [f"unusable: {errors.read_text('utf-8')}" for errors in told if errors.exists()]
        accepted: Accepted = {}
        for mine in halves:
            accepted |= accepted_states(place.root / f"journal-{mine.start}.jsonl", {})
        found = _examined(SYSTEMS[0], parts, place, accepted)
        _count(tally, found, accepted)
        tally.complaints += [f"{place.root.name}: {line}" for line in (*complaints, *found.complaints)]
        if not complaints and not found.complaints:
            shutil.rmtree(place.root)
        yield tally


def fault_loop(parts: Parts, every: int, seed: int, root: Path) -> Iterator[Tally]:
    """A fixed life once for each fault, each ``every``-th durable call, and once for all that follow it."""
    calls = _life_with_fault(parts, Place(root / "counted"), Faults("exit", 0, 0), random.Random(seed), Tally(""))
    for fault in FAULTS:
        for is_lasting in (False, True) if fault != "exit" else (False,):
            tally = Tally(f"{fault}{', lasting' if is_lasting else ''}")
            for first in range(1 + seed % every, calls + 1, every):
                place = Place(root / f"{fault}-{is_lasting}-{first}")
                faults = Faults(fault, first, sys.maxsize if is_lasting else first)
                _life_with_fault(parts, place, faults, random.Random(f"{seed}:{first}"), tally)
                yield tally


def _life_with_fault(parts: Parts, place: Place, faults: Faults, rng: random.Random, tally: Tally) -> int:
    """One such life; every third one is also ended in its recovery. The number of durable calls in it, if it lived."""
    place.home.mkdir(parents=True)
    place.journal.touch()
    told = place.root / "complaints.txt"
    child = start(lambda: live_through_faults(place, parts, faults), told)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    calls = 0
    if status == 0:
        *complaints, last = told.read_text("utf-8").splitlines()
        calls = int(last)
    else:
        complaints = (
            [] if status == EXIT_STATUS else [f"unusable: {told.read_text('utf-8') if told.exists() else status}"]
        )
    accepted = accepted_states(place.journal, {})
    if faults.fault == "exit" and rng.random() < 1 / 3:
        again = Faults("exit", moment := rng.randint(1, 40), moment)
        os.waitpid(start(lambda: recover_through_faults(place, parts, again), told), 0)
    found = _examined(SYSTEMS[0], parts, place, accepted)
    _count(tally, found, accepted)
    complaints = [*complaints, *found.complaints]
    tally.kills += 1
    tally.complaints += [f"{place.root.name}: {line}" for line in complaints]
    tally.untyped += any(line.startswith("untyped") for line in complaints)
    if not complaints:
        shutil.rmtree(place.root)
    return calls


def _count(tally: Tally, found: Findings, accepted: Accepted) -> None:
    tally.examinations += 1
    tally.documents += len(accepted)
    for name in ("lost", "half", "wrong", "unusable"):
        setattr(tally, name, getattr(tally, name) + bool(getattr(found, name)))


def report(tallies: list[Tally]) -> str:
    """A table: examinations that found something, of how many."""
    columns = ("kills", "examinations", "documents", "lost", "half", "wrong", "unusable", "untyped", "rebuilt")
    lines = [" " * 16 + "".join(f"{column:>13}" for column in columns)]
    for tally in tallies:
        lines.append(f"{tally.system:16}" + "".join(f"{getattr(tally, column):>13}" for column in columns))
        if tally.killed_while:
            lines.append(f"  killed while: {tally.killed_while}")
        lines += [f"  {line}" for line in tally.complaints[:20]]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=0, help="how many lives to kill")
    parser.add_argument("--bare-chroma", action="store_true", help="kill bare Chroma as often, for comparison")
    parser.add_argument("--every-call", type=int, default=0, metavar="N", help="faults at every N-th durable call")
    parser.add_argument("--openers", type=int, default=0, metavar="N", help="two processes at once, N times")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sync-threshold", type=int, default=20, help="rows after which Chroma writes its index files")
    parser.add_argument("--out", type=Path, help="file for the figures as JSON")
    options = parser.parse_args()
    prepare(options.sync_threshold)
    parts = Parts(Korean())
    root = Path(tempfile.mkdtemp(prefix="crash-"))
    loops = [
        kill_loop(system, parts, options.kills, options.seed, root) for system in SYSTEMS[: 1 + options.bare_chroma]
    ]
    loops.append(openers_loop(parts, options.openers, options.seed, root))
    if options.every_call:
        loops.append(fault_loop(parts, options.every_call, options.seed, root))
    tallies: list[Tally] = []
    for tally in chain.from_iterable(loops):
        if tally not in tallies:
            tallies.append(tally)
        progress = f"{tally.system}: {tally.examinations} examined, {len(tally.complaints)} complaints"
        print(f"\r{progress:60}", end="", file=sys.stderr)
    print(file=sys.stderr)
    print(report(tallies))
    if options.out:
        options.out.write_text(json.dumps([asdict(tally) for tally in tallies], ensure_ascii=False, indent=1) + "\n")
    if any(tally.complaints for tally in tallies if tally.system != SYSTEMS[1].name):
        print(f"see {root}")
        return 1
    shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
