"""At a terminal: passwords are asked for without echo, as often as needed and no more."""

import os
import pty

import harness


class Terminal(harness.CommandTest):
    def converse(self, *arguments, answers):
        """Runs at a terminal of its own, with an answer to each prompt; code and all that showed."""
        environment = {name: value for name, value in self.environment.items()
                       if not name.startswith("FIREBREAK_")}
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve(harness.FIREBREAK, [harness.FIREBREAK, *arguments], environment)
        shown = b""
        left = list(answers)
        while True:
            try:
                more = os.read(terminal, 4096)
            except OSError:  # how Linux says that the other side is gone
                more = b""
            if not more:
                break
            shown += more
            if shown.endswith(b": ") and shown.splitlines()[-1].startswith(b"password of"):
                self.assertTrue(left, shown)
                os.write(terminal, left.pop(0).encode() + b"\n")
        os.close(terminal)
        _, status = os.waitpid(child, 0)
        self.assertEqual(left, [], shown)
        return os.waitstatus_to_exitcode(status), shown.decode()

    def test_init_asks_twice(self):
        code, shown = self.converse("init", "-r", "new", answers=["first one", "first one"])
        self.assertEqual(code, 0, shown)
        self.assertNotIn("first one", shown)
        self.firebreak("snapshots", repository=self.folder + "/new",
                       environment={"FIREBREAK_PASSWORD": "first one"})

    def test_init_refuses_two_passwords(self):
        code, shown = self.converse("init", "-r", "new", answers=["first one", "another"])
        self.assertEqual(code, 1, shown)
        self.assertIn("differ", shown)
        self.assertFalse(os.path.exists(self.folder + "/new/config"))

    def test_a_command_asks_once(self):
        code, shown = self.converse("snapshots", "-r", self.repository,
                                    answers=[harness.PASSWORD])
        self.assertEqual(code, 0, shown)
        self.assertNotIn(harness.PASSWORD, shown)
        code, shown = self.converse("snapshots", "-r", self.repository, answers=["wrong"])
        self.assertEqual(code, 12, shown)


if __name__ == "__main__":
    harness.main()
