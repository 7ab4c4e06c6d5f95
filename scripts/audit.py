#!/usr/bin/env python3
"""Lists the dependencies of the program, its tests, web pages and SDKs with versions
and licences, and compares the list with docs/dependencies.md:

    scripts/audit.py            fails if the list there is stale
    scripts/audit.py --write    writes the list there

It also fails for an unknown or forbidden licence, and for a module of go.mod for
which docs/dependencies.md gives no reason."""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/dependencies.md"
BEGIN, END = "<!-- scripts/audit.py --write -->\n", "<!-- end -->\n"

# Patterns of the allowed licences. They match the text with whitespace collapsed.
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
# These licences mention the GPL only as an alternative.
CHOICE = {"EDL-1.0", "FTL", "MPL-2.0"}
FORBIDDEN = r"GNU (AFFERO |LESSER |LIBRARY )?GENERAL PUBLIC LICENSE|Server Side Public License|Business Source License|Commons Clause"

problems = []


def licence(what, files):
    """Returns the names of the licences in files, separated by commas."""
    found = set()
    for file in files:
        text = " ".join(file.read_text(errors="replace").split())
        mine = {name for name, pattern in LICENCES.items() if re.search(pattern, text, re.IGNORECASE)}
        if not mine:
            problems.append(f"{what}: {file.name} is an unknown licence: see LICENCES in scripts/audit.py")
        if re.search(FORBIDDEN, text, re.IGNORECASE) and not mine & CHOICE:
            problems.append(f"{what}: {file.name} is a forbidden licence")
        found |= mine
    if not files:
        problems.append(f"{what}: no licence found")
    return ", ".join(sorted(found))


def go(*args):
    return subprocess.run(["go", *args], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def modules(*args):
    """Returns the directories of the modules that packages need, by (name, version)."""
    form = "{{with .Module}}{{if not .Main}}{{.Path}} {{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}} {{.Dir}}{{end}}{{end}}"
    lines = go("list", "-deps", "-f", form, *args).splitlines()
    return {tuple(line.split(" ", 2)[:2]): line.split(" ", 2)[2] for line in lines if line}


def list_modules():
    program = modules(".")
    for (name, version), place in sorted((program | modules("-test", "./...")).items()):
        files = [f for f in sorted(pathlib.Path(place).iterdir()) if re.match(r"(LICEN[CS]E|COPYING)", f.name, re.IGNORECASE) and f.is_file()]
        yield f"`{name}`", version, licence(name, files), "program" if (name, version) in program else "tests, benchmarks"


def list_scripts():
    """Lists the scripts of the web pages. Their licences are in the same directory."""
    vendor = ROOT / "ui/web/static/vendor"
    text = DOCUMENT.read_text()
    licensed = {f.stem: f for f in sorted(vendor.glob("*.LICENSE"))}
    for script in sorted(f for f in vendor.iterdir() if f.suffix in (".js", ".css")):
        if not any(name in script.stem.split("-") for name in licensed):
            problems.append(f"{script.name}: no licence beside it")
    for name, file in licensed.items():
        said = re.search(rf"`?{name}`? (\d+(\.\d+)*)", text, re.IGNORECASE)
        if not said:
            problems.append(f"{name}: docs/dependencies.md does not name its version")
        yield f"`{name}` (npm)", said[1] if said else "?", licence(name, [file]), "pages"


def list_npm():
    """Lists the dependencies of the TypeScript SDK from its lock file."""
    lock = json.loads((ROOT / "sdk/typescript/package-lock.json").read_text())
    for path, package in sorted(lock["packages"].items()):
        if not path:
            continue
        name, said = path.removeprefix("node_modules/"), package.get("license", "")
        words = set(re.split(r"[()\s]+|OR|AND", said)) - {""}
        if not words or not words <= LICENCES.keys() | {"0BSD", "BlueOak-1.0.0"}:
            problems.append(f"{name}: unknown licence {said or '(none)'}")
        yield f"`{name}` (npm)", package["version"], said, "SDK, tools" if package.get("dev") else "SDK"


def reasons():
    """Checks that the document gives a reason for every direct dependency in go.mod."""
    text = DOCUMENT.read_text().partition(BEGIN)[0]
    for module in json.loads(go("mod", "edit", "-json"))["Require"]:
        if not module.get("Indirect") and f"`{module['Path']}`" not in text and f"`{module['Path']}/" not in text:
            problems.append(f"docs/dependencies.md does not say what {module['Path']} is for")


rows = [*list_modules(), *list_scripts(), *list_npm()]
reasons()
# One row per licence and part. TypeScript has one package per platform: merge them.
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
    problems.append("the list in docs/dependencies.md is stale: run scripts/audit.py --write")
for problem in problems:
    print("audit:", problem, file=sys.stderr)
licences = sorted({row[2] for row in rows})
print(f"{len(rows)} modules and packages, licences: {', '.join(licences)}")
sys.exit(bool(problems))
