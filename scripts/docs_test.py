#!/usr/bin/env python3
"""Runs the commands of documents as printed, and compares what comes with what is shown:

    scripts/docs_test.py FILE...        make docs-test: README.md

The sh blocks of a document run in order, in one bash, in a copy of the checkout as
committed in which bin/ is this one's. A block of no language behind one is what it prints.
Numbers, times and IDs may differ. A comment in front of a block says what cannot be done:

    <!-- docs-test: not run, REASON -->
    <!-- docs-test: not compared, REASON -->

At the end nothing that was started may still run.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile

TIMEOUT = 300  # of one document, in seconds
MARK = "docs-test: block "


def blocks(text):
    """Yields (line, remark, commands, shown) for every sh block."""
    lines = text.split("\n")
    fence = re.compile(r"^\s*```(\w*)$")
    at = 0
    found = []
    while at < len(lines):
        match = fence.match(lines[at])
        if not match:
            at += 1
            continue
        begin, language = at, match[1]
        at += 1
        while at < len(lines) and not fence.match(lines[at]):
            at += 1
        found.append((begin, at, language, lines[begin + 1 : at]))
        at += 1
    for n, (begin, end, language, body) in enumerate(found):
        if language != "sh":
            continue
        remark = re.match(r"<!-- docs-test: (.*) -->", lines[begin - 1]) if begin else None
        shown = None
        if n + 1 < len(found) and found[n + 1][2] == "":
            between = [l for l in lines[end + 1 : found[n + 1][0]] if l.strip()]
            if len(between) == 0 or between[-1].endswith(":") and len(between) < 3:
                shown = found[n + 1][3]
        yield begin + 1, remark[1] if remark else "", body, shown


def shape(line):
    """A line without what differs from run to run."""
    line = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", line)
    line = re.sub(r"\d{4}-\d\d-\d\d[T ][0-9:.]+Z?", "TIME", line)
    line = re.sub(r"\d+(\.\d+)?(e-?\d+)?", "0", line)
    line = re.sub(r"0(ns|µs|ms|s)\b", "0s", line)
    return " ".join(line.split())


def run(name, copy):
    """Runs a document and returns what is wrong with it."""
    with open(name, encoding="utf-8") as f:
        all_blocks = list(blocks(f.read()))
    script = ["set -eu"]
    for n, (line, remark, body, _) in enumerate(all_blocks):
        if remark.startswith("not run"):
            print(f"{name}:{line}: {remark}")
            continue
        script += [f"echo '{MARK}{n}'", f"echo '{MARK}{n}' >&2", *body]
    script += ["echo", f"echo '{MARK}end'"]
    env = dict(os.environ, PATH=f"{copy}/bin:{os.environ['PATH']}", XDG_RUNTIME_DIR=copy + "/run")
    process = subprocess.Popen(
        ["bash", "-c", "\n".join(script)], cwd=copy, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, errors="replace",
    )
    wrong = []
    try:
        out, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired as late:
        out = (late.stdout or b"").decode(errors="replace")
        wrong.append(f"{name}: not done after {TIMEOUT} s, or something that was started still runs")
    try:
        os.killpg(process.pid, signal.SIGKILL)
        wrong.append(f"{name}: something that was started still runs")
    except ProcessLookupError:
        pass
    process.wait()
    said, current = {}, None
    for text in out.split("\n"):
        if text.startswith(MARK):
            current = text[len(MARK) :]
            continue
        said.setdefault(current, []).append(text)
    if "end" not in out.split(MARK)[-1]:
        wrong.append(f"{name}: its commands end with status {process.returncode}:\n" + "\n".join(out.split("\n")[-30:]))
        return wrong
    for n, (line, remark, _, shown) in enumerate(all_blocks):
        if remark or shown is None:
            if remark.startswith("not compared"):
                print(f"{name}:{line}: {remark}")
            continue
        came = [shape(text) for text in said.get(str(n), [])]
        for text in shown:
            if shape(text) and shape(text) not in came:
                wrong.append(f"{name}:{line}: not printed: {text}\n" + "\n".join(said.get(str(n), [])[-20:]))
    print(f"{name}: {len(all_blocks)} blocks")
    return wrong


def main():
    wrong = []
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as copy:
            archive = subprocess.run(["git", "archive", "HEAD"], check=True, stdout=subprocess.PIPE).stdout
            subprocess.run(["tar", "-x", "-C", copy], check=True, input=archive)
            os.symlink(os.path.abspath("bin"), copy + "/bin")
            os.mkdir(copy + "/run", 0o700)
            wrong += run(name, copy)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
