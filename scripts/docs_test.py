#!/usr/bin/env python3
"""Runs the commands of documents as printed, and compares their output with the text:

    scripts/docs_test.py FILE...        make docs-test: all documents

The sh blocks of a document run in order in one bash, in a copy of the committed checkout
with the programs of bin/. A block without a language after an sh block is its expected
output; numbers, times and IDs may differ. A comment before a block changes that:

    <!-- docs-test: not run, REASON -->
    <!-- docs-test: not compared, REASON -->
    <!-- docs-test: first, COMMANDS -->     run these first ("serve" starts rvo-tui)
    <!-- docs-test: file NAME -->           save this block, of any language, as a file

Processes that "first" started are stopped at the end of the document. No other process
may still be running then.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

TIMEOUT = 1800  # seconds per document
MARK = "docs-test: block "
REMARK = re.compile(r"\s*<!-- docs-test: (.*) -->")

# Shell functions for "first": serve starts rvo-tui, end_first stops what was started.
BEFORE = """
serve() {
	rvo-tui --no-ui "$@" >/dev/null 2>&1 &
	until rvo-tui ctl status >/dev/null 2>&1; do sleep 0.2; done
	for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:9090/health && break; sleep 0.2; done
}
end_first() {
	while read -r pid; do
		kill "$pid" 2>/dev/null || continue
		for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
	done <"$DOCS_FIRST"
}
trap end_first EXIT
"""


def blocks(text):
    """Yields (line, remark, language, body, shown) for every block."""
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
        remark = REMARK.match(lines[begin - 1]) if begin else None
        shown = None
        if language == "sh" and n + 1 < len(found) and found[n + 1][2] == "":
            between = [l for l in lines[end + 1 : found[n + 1][0]] if l.strip()]
            if len(between) == 0 or between[-1].endswith(":") and len(between) < 3:
                shown = found[n + 1][3]
        yield begin + 1, remark[1] if remark else "", language, body, shown


def shape(line):
    """Returns a line without the parts that differ between runs."""
    line = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", line)
    line = re.sub(r"\d{4}-\d\d-\d\d[T ][0-9:.]+Z?", "TIME", line)
    line = re.sub(r"\d+(\.\d+)?(e-?\d+)?", "0", line)
    line = re.sub(r"0(ns|µs|ms|s)\b", "0s", line)
    return " ".join(line.split())


def script_of(name, all_blocks, copy):
    """Returns the commands of a document, with a mark before each block."""
    script = ["set -eu", BEFORE]
    for n, (line, remark, language, body, _) in enumerate(all_blocks):
        if remark.startswith("file "):
            with open(os.path.join(copy, remark[5:]), "w", encoding="utf-8") as f:
                f.write("\n".join(body) + "\n")
        if language != "sh":
            continue
        if remark.startswith("not run"):
            print(f"{name}:{line}: {remark}")
            continue
        script.append(f"echo '{MARK}{n}'")
        if remark.startswith("first, "):
            script.append(f'( {remark[7:]}\njobs -p >>"$DOCS_FIRST" )')
        script += body
    return "\n".join(script + ["echo", f"echo '{MARK}end'"])


def run(name, copy):
    """Runs a document and returns its problems."""
    with open(name, encoding="utf-8") as f:
        all_blocks = list(blocks(f.read()))
    script = script_of(name, all_blocks, copy)
    first = copy + "/run/first"
    open(first, "w", encoding="utf-8").close()
    env = dict(os.environ, PATH=f"{copy}/bin:{os.environ['PATH']}", XDG_RUNTIME_DIR=copy + "/run", DOCS_FIRST=first)
    began = time.monotonic()
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=copy, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, errors="replace",
    )
    wrong = []
    try:
        out, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired as late:
        out = (late.stdout or b"").decode(errors="replace")
        wrong.append(f"{name}: not finished after {TIMEOUT} s, or a process still runs")
    try:
        for _ in range(150):  # stopping takes time
            os.killpg(process.pid, 0)
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
        wrong.append(f"{name}: a process still runs")
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
        line = all_blocks[int(current)][0] if current else 0
        wrong.append(f"{name}:{line}: ends with status {process.returncode}:\n" + "\n".join(out.split("\n")[-30:]))
        return wrong
    for n, (line, remark, _, _, shown) in enumerate(all_blocks):
        if remark.startswith("not "):
            if remark.startswith("not compared"):
                print(f"{name}:{line}: {remark}")
            continue
        came = [shape(text) for text in said.get(str(n), [])]
        for text in shown or []:
            if shape(text) and shape(text) not in came:
                wrong.append(f"{name}:{line}: not printed: {text}\n" + "\n".join(said.get(str(n), [])[-20:]))
    ran = sum(b[2] == "sh" and not b[1].startswith("not run") for b in all_blocks)
    print(f"{name}: {ran} blocks in {time.monotonic() - began:.0f} s", flush=True)
    return wrong


def main():
    wrong = []
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as copy:
            # Without git, copy the files as they are.
            archive = ["git", "archive", "HEAD"] if os.path.exists(".git") else ["tar", "-c", "--exclude=./bin", "."]
            files = subprocess.run(archive, check=True, stdout=subprocess.PIPE).stdout
            subprocess.run(["tar", "-x", "-C", copy], check=True, input=files)
            os.mkdir(copy + "/bin")
            for program in os.listdir("bin"):
                os.symlink(os.path.abspath("bin/" + program), f"{copy}/bin/{program}")
            os.mkdir(copy + "/run", 0o700)
            wrong += run(name, copy)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
