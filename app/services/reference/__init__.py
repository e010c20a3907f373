"""The official geography and the lists of priority neighbourhoods, imported from files as they are published."""

from collections.abc import Iterable
from pathlib import Path

from app.models.stamp import DIRECTORY, PAGES, renew
from app.services import councils
from app.services.reference import files, reading
from app.services.reference.geography import KINDS, Geography
from app.services.reference.neighbourhoods import Neighbourhoods
from app.services.reference.records import Kind, Source
from app.services.reference.report import ImportStopped, NotUnderstood, Report

__all__ = ["ImportStopped", "Report", "Source", "read_paths", "write"]


def read_paths(paths: Iterable[Path], report: Report) -> list[Source]:
    """Read and recognise the files at `paths`, or directly in these folders, saying each; the database is not needed.

    Raises `ImportStopped` when a file that was named is not understood, or when nothing is.
    """
    sources = []
    for path, is_named in files.find(paths):
        try:
            source = reading.read(path, str(path), report)
        except NotUnderstood as error:
            if is_named:
                raise ImportStopped(f"{path} : {error}.") from error
            report.say(f"{path} : laissé de côté ({error})")
        else:
            number = len(source.records)
            report.say(f"{path} : {source.label}, {number} {source.unit}{'s' if number > 1 else ''}")
            sources.append(source)
    if not sources:
        raise ImportStopped("Aucun de ces fichiers n’a été reconnu : rien n’a été importé.")
    return sources


def write(sources: list[Source], report: Report, generation: int | None = 2014, *, is_demo: bool = False) -> list[str]:
    """Write what the files say, parents before children, then open and place the councils; the write lock is held.

    The order of the files does not matter, and the same files again change nothing. Every neighbourhood of
    `generation` without a council gets one (None: none does), a demo council with `is_demo`. When real neighbourhoods
    come in, the demo goes out. Returns the digests of files that no row names any more, for the caller to delete
    once it has committed.
    """
    of_kind = {kind: [source for source in sources if source.kind is kind] for kind in Kind}
    entries = [(source, line, record) for source in of_kind[Kind.NEIGHBOURHOOD] for line, record in source.records]
    geography = _learn_geography(of_kind, entries, report)
    geography.write(report)
    neighbourhoods = Neighbourhoods(geography)
    neighbourhoods.learn(entries, report)
    neighbourhoods.learn_contracts(of_kind[Kind.CONTRACT], report)
    unused = _remove_demo(report) if neighbourhoods.touched and not is_demo else []
    former_names = neighbourhoods.write(report)
    neighbourhoods.write_successions(of_kind[Kind.SUCCESSION], report)
    _write_councils(former_names, report, generation, is_demo)
    if report.has_changes:
        renew(PAGES, DIRECTORY)
    return unused


def _learn_geography(of_kind, entries, report):
    geography = Geography()
    about_territories = [source for kind in KINDS.values() for source in sorted(of_kind[kind], key=lambda s: s.name)]
    for source in about_territories:
        for _, record in source.records:
            geography.learn(record, is_main=True)
    for _, _, record in sorted(entries, key=lambda entry: (-entry[0].authority, entry[0].name, entry[1])):
        for territory in record.territories:
            geography.learn(territory, is_main=False)
    for source in about_territories:
        geography.tell_unknown_parents(source, report)
    return geography


def _remove_demo(report):
    removed, unused = councils.remove_demo()
    if removed:
        report.say(f"Conseils de démonstration retirés : {removed}.")
    return unused


def _write_councils(former_names, report, generation, is_demo):
    changed = councils.rename(former_names)
    opened = councils.open_for(generation, is_demo=is_demo) if generation else set()
    councils.join_predecessors()
    everyone = councils.every_id()
    changed = (changed | councils.place(everyone)) - opened
    unchanged = len(everyone - opened - changed)
    report.count(Kind.COUNCIL, created=len(opened), updated=len(changed), unchanged=unchanged)
