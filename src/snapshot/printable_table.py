"""Writes the code points that Go's strconv.Quote leaves as they are: the categories L, M, N, P
and S, and the ASCII space. Input: UnicodeData.txt of Unicode 15, which is what Go has since 1.21.
Output: C++ ranges [first, last], ascending."""

import sys


def ranges(lines):
    start = None
    for line in lines:
        fields = line.split(";")
        code, name, category = int(fields[0], 16), fields[1], fields[2]
        if name.endswith(", First>"):
            start = code
            continue
        first = start if name.endswith(", Last>") else code
        start = None
        if category[0] in "LMNPS" or code == 0x20:
            yield first, code


def main():
    merged = []
    with open(sys.argv[1], encoding="ascii") as data:
        for first, last in ranges(data):
            if merged and merged[-1][1] + 1 == first:
                merged[-1][1] = last
            else:
                merged.append([first, last])
    with open(sys.argv[2], "w", encoding="ascii") as out:
        for first, last in merged:
            out.write(f"{{0x{first:x}, 0x{last:x}}},\n")


main()
