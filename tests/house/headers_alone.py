"""Every header of src/ compiles alone: whoever includes it needs to know no other.

Run: headers_alone.py BUILD; compiles each with the flags of a source file that BUILD's
compile_commands.json has from the same folder, prints what fails, and exits 1 if anything does."""

import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"


def flags_by_folder(build):
    """The compiler and its flags, without input and output, for each folder of src/."""
    flags = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        folder = pathlib.Path(entry["directory"], entry["file"]).resolve().parent
        words = shlex.split(entry["command"])
        words = words[:words.index("-o")] if "-o" in words else words
        flags.setdefault(folder, ([word for word in words if "ccache" not in word],
                                  entry["directory"]))
    return flags


def problem_of(header, flags):
    """What the compiler says of the header alone; None where it says nothing."""
    words, directory = flags[header.parent]
    done = subprocess.run([*words, "-fsyntax-only", "-x", "c++", "-"], cwd=directory, text=True,
                          input=f'#include "{header.relative_to(SRC)}"\n',
                          stderr=subprocess.PIPE)
    return None if done.returncode == 0 else f"{header.relative_to(SRC)}:\n{done.stderr}"


def main():
    flags = flags_by_folder(pathlib.Path(sys.argv[1]))
    headers = sorted(SRC.rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [problem for problem in pool.map(lambda each: problem_of(each, flags), headers)
                    if problem]
    for problem in problems:
        print(problem)
    print(f"{len(headers)} headers, {len(problems)} do not compile alone")
    return 1 if problems or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
