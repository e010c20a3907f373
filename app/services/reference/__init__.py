"""The official geography and the lists of priority neighbourhoods, imported from files as they are published."""

from collections.abc import Iterable
from pathlib import Path

from app.extensions import begin_write
from app.models.stamp import DIRECTORY, PAGES, renew
from app.services import councils
from app.services.reference import files, reading
from app.services.reference.geography import KINDS, Geography
from app.services.reference.neighbourhoods import Neighbourhoods
from app.services.reference.records import Kind, Source
from app.services.reference.report import ImportStopped, NotUnderstood, Report

__all__ = ["ImportStopped", "Report", "Source", "import_paths", "read_paths", "write"]


def import_paths(paths: Iterable[Path], report: Report, generation: int | None = 2014) -> list[str]:
    """Bring the files at `paths`, or directly in these folders, into the database.

    All files are read before the write lock is taken; their order does not matter, and the same files again change
    nothing. Every neighbourhood of `generation` without a council gets one (None: none does). When
    a list of neighbourhoods comes in, the demo councils go out. Returns the digests of files that no row names any
    more, for the caller to delete once it has committed. Raises `ImportStopped`, and then writes nothing.
    """
    sources = read_paths(paths, report)
    begin_write()
    unused = []
    if _brings_neighbourhoods(sources):
        removed, unused = councils.remove_demo()
        if removed:
            report.say(f"Conseils de démonstration retirés : {removed}.")
    write(sources, report, generation)
    return unused


def _brings_neighbourhoods(sources):
    """Tell whether a file lists neighbourhoods with their communes; mere figures about them open no council."""
    lists = (source.records for source in sources if source.kind is Kind.NEIGHBOURHOOD)
    return any(record.communes or record.commune_names for records in lists for _, record in records)


def read_paths(paths: Iterable[Path], report: Report) -> list[Source]:
    """Read and recognise the files, saying each. Raises `ImportStopped` when a file that was named is not understood,
    or when nothing is."""
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


def write(sources: list[Source], report: Report, generation: int | None = 2014, *, is_demo: bool = False) -> None:
    """Write the records, parents before children, then open and place the councils; the write lock is held.

    `is_demo` marks the councils that are opened.
    """
    geography = Geography()
    of_kind = {kind: [source for source in sources if source.kind is kind] for kind in Kind}
    entries = [(source, line, record) for source in of_kind[Kind.NEIGHBOURHOOD] for line, record in source.records]
    for kind in KINDS.values():
        for source in sorted(of_kind[kind], key=lambda source: source.name):
            for _, record in source.records:
                geography.learn(record, is_main=True)
    for _, _, record in sorted(entries, key=lambda entry: (-entry[0].authority, entry[0].name, entry[1])):
        for territory in record.territories:
            geography.learn(territory, is_main=False)
    geography.write(report)
    neighbourhoods = Neighbourhoods(geography)
    neighbourhoods.learn(entries, report)
    neighbourhoods.learn_contracts(of_kind[Kind.CONTRACT], report)
    former_names = neighbourhoods.write(report)
    neighbourhoods.write_successions(of_kind[Kind.SUCCESSION], report)
    _write_councils(former_names, report, generation, is_demo)
    if report.has_changes:
        renew(PAGES, DIRECTORY)


def _write_councils(former_names, report, generation, is_demo):
    changed = councils.rename(former_names)
    opened = councils.open_for(generation, is_demo=is_demo) if generation else set()
    councils.join_predecessors()
    everyone = councils.every_id()
    changed = (changed | councils.place(everyone)) - opened
    unchanged = len(everyone - opened - changed)
    report.count(Kind.COUNCIL, created=len(opened), updated=len(changed), unchanged=unchanged)
