"""Each rule of source_rules.py goes red on a seeded bad sample and stays green on its neighbour."""

import pathlib
import tempfile
import unittest

import source_rules

ORDER = (
    "# In order\nfirebreak_folder(base fmt::fmt)\nfirebreak_folder(crypto)\n"
    "firebreak_folder(cli)\n"
)


def broken(files):
    with tempfile.TemporaryDirectory() as directory:
        src = pathlib.Path(directory)
        (src / "CMakeLists.txt").write_text(ORDER)
        for name, text in files.items():
            (src / name).parent.mkdir(exist_ok=True)
            (src / name).write_text(text)
        return source_rules.check(src)


class SourceRules(unittest.TestCase):
    def red(self, name, text, expected):
        found = broken({name: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def green(self, name, text):
        self.assertEqual(broken({name: text}), [])

    def test_a_folder_below_may_not_be_included(self):
        self.red("base/a.h", '#include "crypto/seal.h"\n', "base/ may not include crypto/")
        self.red("base/a.cc", '  #  include "cli/main.h"\n', "base/ may not include cli/")

    def test_an_unknown_folder_may_not_be_included(self):
        self.red("crypto/a.cc", '#include "utils/a.h"\n', "may not include utils/")

    def test_itself_and_folders_above_may_be_included(self):
        self.green("crypto/a.cc", '#include <zstd.h>\n#include "base/id.h"\n#include "crypto/b.h"\n')
        self.green("crypto/a.cc", '#include "generated.inc"\n// #include "cli/x.h"\n')

    def test_a_folder_must_be_listed(self):
        self.red("helpers/a.cc", "int a;\n", "not listed")

    def test_throw(self):
        self.red("base/a.cc", "void f() { throw 1; }\n", "a.cc:1: throw")
        self.red("base/a.cc", "/* a\n b */ int a = 1'000; throw a;\n", "a.cc:2: throw")
        self.green("base/a.cc", '// may throw\nauto s = "throw"; /* throw */ char c = \'"\';\n')
        self.green("base/a.cc", 'auto s = R"x(throw " )" rand()\n)x"; int rethrown;\n')

    def test_using_namespace(self):
        self.red("base/a.cc", "using namespace std;\n", "using namespace")
        self.red("base/a.cc", "using namespace  fmt::literals_of_ours;\n", "using namespace")
        self.green("base/a.cc", "using namespace std::chrono_literals;\nusing std::swap;\n")
        self.green("base/a.cc", "using namespace std::chrono;\n")
        self.green("base/a.cc", "using namespace std::literals::string_view_literals;\n")

    def test_the_world_is_read_in_base_and_cli_only(self):
        for text in (
            "auto a = std::chrono::system_clock::now();\n",
            'auto a = std::getenv("HOME");\n',
            "int a = rand();\n",
            "void f() { srand (1); }\n",
            "std::random_device a;\n",
        ):
            self.red("crypto/a.cc", text, "outside base/ and cli/")
            self.green("base/a.cc", text)
            self.green("cli/a.cc", text)
        self.green("crypto/a_test.cc", "std::random_device a;\n")
        self.red("crypto/a_test.cc", "int a = rand();\n", "outside base/ and cli/")
        self.green("crypto/a.cc", "int a = strand(1); auto b = clock.now();\n")

    def test_the_length_of_a_file(self):
        self.red("base/a.cc", "int a;\n" * 501, "501 lines")
        self.green("base/a.cc", "int a;\n" * 500)

    def test_no_order_is_an_error(self):
        with tempfile.TemporaryDirectory() as directory:
            src = pathlib.Path(directory)
            (src / "CMakeLists.txt").write_text("# none\n")
            self.assertEqual(len(source_rules.check(src)), 1)


if __name__ == "__main__":
    unittest.main()
