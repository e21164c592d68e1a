"""Writes the pairs {upper, lower} of UnicodeData.txt's simple lower-case mapping, ascending: what
Go's strings.ToLower and therefore restic's --iexclude go by."""

import sys


def main():
    with open(sys.argv[1], encoding="ascii") as data, open(sys.argv[2], "w", encoding="ascii") as out:
        for line in data:
            fields = line.split(";")
            if fields[13]:
                out.write(f"{{0x{fields[0]}, 0x{fields[13]}}},\n")


main()
