#!/usr/bin/env python3
"""Updates the measurements in docs/reliability.md and README.md from bin/faults.md and
bin/promises.md, which make faults and make promises write. Fails if a fault is in
only one of document and file."""

import re
import sys
from pathlib import Path

# Prefixes of fault names, which the tables below these headings leave out.
BEGIN = {"Model services": "model server ", "Detectors in child processes": "detector "}
# The end of a row: three times, of which the last may be missing (–).
TIMES = re.compile(r"\| [\d.]+ s \| [\d.]+ s \| ([\d.]+ s|–) \|$")


def cells(row):
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def faults(document, measured):
    told, *rows = [line for line in measured.splitlines() if line]
    times = {cells(row)[1]: cells(row)[-3:] for row in rows[2:]}
    missing, heading, lines = set(times), "", []
    for line in document.splitlines():
        if line.startswith("#"):
            heading = line.strip("# ")
        elif line.startswith("Measured by `make faults"):
            line = told
        elif TIMES.search(line):
            name = BEGIN.get(heading, "") + cells(line)[0]
            if name not in times:
                sys.exit(f"{name}: not in bin/faults.md")
            missing.discard(name)
            line = TIMES.sub("| " + " | ".join(times[name]) + " |", line)
        lines.append(line)
    if missing:
        sys.exit(f"not in docs/reliability.md: {', '.join(sorted(missing))}")
    return "\n".join(lines) + "\n"


def promises(document, measured):
    told, table = measured.split("\n\n", 1)
    document = re.sub(r"^Measured by `make promises.*$", lambda _: told, document, count=1, flags=re.M)
    return re.sub(r"^\| Load \|(.|\n)*?\n\n", lambda _: table + "\n", document, count=1, flags=re.M)


def shorter(document, measured):
    """Updates the rows of the table in README.md, which has its own columns."""
    rows = [cells(line) for line in measured.splitlines() if line.startswith("| ")][1:]
    for load, _, _, half, most, _, clips, *faults in rows:
        row = "| " + " | ".join([load, half, most, clips, *faults]) + " |"
        document, n = re.subn(rf"^\| {load} \|.*$", row, document, flags=re.M)
        if n != 1:
            sys.exit(f"README.md has {n} rows of {load}")
    return document


for name, page, renew in (
    ("faults", "docs/reliability.md", faults),
    ("promises", "docs/reliability.md", promises),
    ("promises", "README.md", shorter),
):
    file = Path("bin") / (name + ".md")
    if file.exists():
        Path(page).write_text(renew(Path(page).read_text(), file.read_text()))
    else:
        print(f"no {file}: run make {name}", file=sys.stderr)
