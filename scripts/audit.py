#!/usr/bin/env python3
"""Lists what the program, its tests and its pages contain, with versions and
licences, and holds that against docs/dependencies.md:

    scripts/audit.py            fails where the list there is another one
    scripts/audit.py --write    puts the list there

It fails for a licence that it does not know or that is not allowed, and for a
module of go.mod that docs/dependencies.md gives no reason for."""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/dependencies.md"
BEGIN, END = "<!-- scripts/audit.py --write -->\n", "<!-- end -->\n"

# How a licence is told by its text, spaces made equal. What is not here is not allowed.
LICENCES = {
    "Apache-2.0": r"Apache License,? Version 2\.0",
    "BSD-2-Clause": r"Redistribution and use in source and binary forms(?!.*(Neither the name|contributors may be used))",
    "BSD-3-Clause": r"Redistribution and use in source and binary forms.*(Neither the name|contributors may be used)",
    "CC-BY-4.0": r"Creative Commons Attribution 4\.0",
    "EDL-1.0": r"Eclipse Distribution License v1\.0",
    "FTL": r"FreeType License",
    "ISC": r"Permission to use, copy, modify, and(/or)? distribute this software",
    "MIT": r"Permission is hereby granted, free of charge",
    "MPL-2.0": r"Mozilla Public License,? (Version|v\.) ?2\.0",
}
# What these texts say of the GPL is that it may be chosen instead.
CHOICE = {"EDL-1.0", "FTL", "MPL-2.0"}
FORBIDDEN = r"GNU (AFFERO |LESSER |LIBRARY )?GENERAL PUBLIC LICENSE|Server Side Public License|Business Source License|Commons Clause"

problems = []


def licence(what, files):
    """Returns the licences that files are, as one text."""
    found = set()
    for file in files:
        text = " ".join(file.read_text(errors="replace").split())
        mine = {name for name, pattern in LICENCES.items() if re.search(pattern, text, re.IGNORECASE)}
        if not mine:
            problems.append(f"{what}: {file.name} is no licence that is known: see LICENCES in scripts/audit.py")
        if re.search(FORBIDDEN, text, re.IGNORECASE) and not mine & CHOICE:
            problems.append(f"{what}: {file.name} is a licence that is not allowed")
        found |= mine
    if not files:
        problems.append(f"{what}: it has no licence")
    return ", ".join(sorted(found))


def go(*args):
    return subprocess.run(["go", *args], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def modules(*args):
    """Returns the directory of each module behind packages, by name and version."""
    form = "{{with .Module}}{{if not .Main}}{{.Path}} {{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}} {{.Dir}}{{end}}{{end}}"
    lines = go("list", "-deps", "-f", form, *args).splitlines()
    return {tuple(line.split(" ", 2)[:2]): line.split(" ", 2)[2] for line in lines if line}


def list_modules():
    program = modules(".")
    for (name, version), place in sorted((program | modules("-test", "./...")).items()):
        files = [f for f in sorted(pathlib.Path(place).iterdir()) if re.match(r"(LICEN[CS]E|COPYING)", f.name, re.IGNORECASE) and f.is_file()]
        yield f"`{name}`", version, licence(name, files), "program" if (name, version) in program else "tests, benchmarks"


def list_scripts():
    """Lists the scripts of pages, whose licences lie beside them, and axe."""
    vendor = ROOT / "ui/web/static/vendor"
    text = DOCUMENT.read_text()
    licensed = {f.stem: f for f in sorted(vendor.glob("*.LICENSE"))}
    for script in sorted(f for f in vendor.iterdir() if f.suffix in (".js", ".css")):
        if not any(name in script.stem.split("-") for name in licensed):
            problems.append(f"{script.name}: no licence lies beside it")
    for name, file in licensed.items():
        said = re.search(rf"`?{name}`? (\d+(\.\d+)*)", text, re.IGNORECASE)
        if not said:
            problems.append(f"{name}: docs/dependencies.md does not say which version it is")
        yield f"`{name}` (npm)", said[1] if said else "?", licence(name, [file]), "pages"


def list_npm():
    """Lists what the SDK of TypeScript stands on, by its lock file."""
    lock = json.loads((ROOT / "sdk/typescript/package-lock.json").read_text())
    for path, package in sorted(lock["packages"].items()):
        if not path:
            continue
        name, said = path.removeprefix("node_modules/"), package.get("license", "")
        words = set(re.split(r"[()\s]+|OR|AND", said)) - {""}
        if not words or not words <= LICENCES.keys() | {"0BSD", "BlueOak-1.0.0"}:
            problems.append(f"{name}: the licence {said or 'none'} is not known")
        yield f"`{name}` (npm)", package["version"], said, "SDK, tools" if package.get("dev") else "SDK"


def reasons():
    """Holds every module that go.mod asks for itself against the document."""
    text = DOCUMENT.read_text().partition(BEGIN)[0]
    for module in json.loads(go("mod", "edit", "-json"))["Require"]:
        if not module.get("Indirect") and f"`{module['Path']}`" not in text and f"`{module['Path']}/" not in text:
            problems.append(f"docs/dependencies.md does not say what {module['Path']} is for")


rows = [*list_modules(), *list_scripts(), *list_npm()]
reasons()
# A row for each licence and part. TypeScript has a package for each platform.
groups = {}
for name, version, said, part in rows:
    name = re.sub(r"(@typescript/typescript)-[^`]*", r"\1-*", name).removesuffix(" (npm)")
    groups.setdefault((part, said), {})[f"{name} {version}"] = True
table = "| Part of | Licence | Modules and packages |\n|---|---|---|\n"
table += "".join(f"| {part} | {said} | {', '.join(names)} |\n" for (part, said), names in sorted(groups.items()))
before, begin, rest = DOCUMENT.read_text().partition(BEGIN)
shown, _, after = rest.partition(END)
if sys.argv[1:] == ["--write"]:
    DOCUMENT.write_text(before + BEGIN + table + END + after)
elif shown != table:
    problems.append("docs/dependencies.md lists other versions or licences: run scripts/audit.py --write")
for problem in problems:
    print("audit:", problem, file=sys.stderr)
licences = sorted({row[2] for row in rows})
print(f"{len(rows)} modules and packages, licences: {', '.join(licences)}")
sys.exit(bool(problems))
