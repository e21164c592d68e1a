"""Checks the rules that every file under src/ follows and no compiler knows.

- A folder includes itself and the folders above it in src/CMakeLists.txt, nothing below.
- No `throw`; no `using namespace`, save the literals and the calendar of the standard library.
- Time, chance and the environment are read in base/ and cli/ only; a test may draw its seed.
- A file has at most 400 lines (reported), and never more than 500 (an error).

Run: source_rules.py SRC; prints one line per broken rule and exits 1 if there is any.
"""

import pathlib
import re
import sys

LINES_WANTED = 400
LINES_MAX = 500
READS_THE_WORLD = {"base", "cli"}

FOLDER = re.compile(r"^\s*firebreak_folder\(\s*(\w+)", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
THROW = re.compile(r"\bthrow\b")
USING = re.compile(r"\busing\s+namespace\s+(?!std::chrono;|std::(?:\w+::)*\w*literals;)[\w:]+")
WORLD = re.compile(
    r"\bsystem_clock::now\b|\b(?:secure_)?getenv\b|\bs?rand(?:_r)?\s*\(|\brandom_device\b"
)
SEED_OF_A_TEST = "random_device"

# Comments, strings (raw ones too) and characters; an apostrophe inside a number is a separator.
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def code_lines(text):
    """The lines with comments and literals blanked, line numbers kept."""
    blanked = NOT_CODE.sub(lambda found: "\n" * found.group().count("\n") or '""', text)
    return blanked.split("\n")


def folders_in_order(src):
    return FOLDER.findall((src / "CMakeLists.txt").read_text())


def check_file(folder, above, name, text):
    """The broken rules of one file, as (line, what). `above` are the folders it may include."""
    broken = []
    raw_lines = text.split("\n")
    for number, (line, raw) in enumerate(zip(code_lines(text), raw_lines), 1):
        include = INCLUDE.match(raw)
        if include and "/" in include.group(1):
            target = include.group(1).split("/")[0]
            if target != folder and target not in above:
                broken.append((number, f"{folder}/ may not include {target}/, which is not above it"))
        if THROW.search(line):
            broken.append((number, "throw: return a Result"))
        if USING.search(line):
            broken.append((number, "using namespace"))
        world = WORLD.search(line)
        if world and name.endswith("_test.cc") and world.group() == SEED_OF_A_TEST:
            world = None
        if world and folder not in READS_THE_WORLD:
            broken.append((number, f"{world.group().strip('( ')} outside base/ and cli/"))
    lines = text.count("\n")
    if lines > LINES_MAX:
        broken.append((lines, f"{lines} lines, more than {LINES_MAX}: look for the second idea"))
    return broken


def check(src):
    """All broken rules under src, as printable lines."""
    order = folders_in_order(src)
    broken = []
    if not order:
        broken.append(f"{src}/CMakeLists.txt: lists no folders")
    for path in sorted(src.rglob("*")):
        if path.suffix not in {".cc", ".h"}:
            continue
        folder = path.relative_to(src).parts[0]
        if folder not in order:
            broken.append(f"{path}: {folder}/ is not listed in src/CMakeLists.txt")
            continue
        above = order[: order.index(folder)]
        text = path.read_text(encoding="utf-8")
        broken += [f"{path}:{line}: {what}" for line, what in check_file(folder, above, path.name, text)]
        if LINES_WANTED < text.count("\n") <= LINES_MAX:
            print(f"note: {path} has {text.count(chr(10))} lines, more than {LINES_WANTED}")
    return broken


def main():
    broken = check(pathlib.Path(sys.argv[1]))
    print("\n".join(broken) or "every rule holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
