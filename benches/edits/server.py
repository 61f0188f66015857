"""A generated site's server as a process of its own, a connection to it, and the ways in which programs save files."""

import http.client
import os
import subprocess
import tempfile
import time
from pathlib import Path


class Server:
    """The binary in development, serving the site's folder on a free port."""

    def __init__(self, binary, site, settings=()):
        self.log = tempfile.NamedTemporaryFile(mode="r", suffix=".log")
        command = [binary, "serve", "--site", site, "--port", "0", "--set", "environment.is_prod=false"]
        for setting in settings:
            command += ["--set", setting]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=open(self.log.name, "w"), text=True)
        line = self.process.stdout.readline()
        if "http://" not in line:
            raise SystemExit(f"the server does not start: {line}{self.log.read()}")
        self.port = int(line.strip().rstrip("/").rsplit(":", 1)[1])

    def stop(self):
        self.process.terminate()
        return self.process.wait(30)

    def memory(self):
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Connection:
    """One connection that stays open."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path):
        """Status and body."""
        self.http.request("GET", path)
        answer = self.http.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")


def in_place(path, text):
    with open(path, "w") as file:
        file.write(text)


def by_rename(path, text):
    """A file beside it is written and moved over it, as most editors do."""
    beside = path.with_name(f".{path.name}.tmp")
    in_place(beside, text)
    os.rename(beside, path)


def with_backup(path, text):
    """The old file is moved away, a new one written, the old one deleted: Vim's way."""
    backup = path.with_name(f"{path.name}~")
    os.rename(path, backup)
    in_place(path, text)
    os.remove(backup)


def in_two_steps(path, text):
    """The file is emptied, and written in two parts with time between them."""
    with open(path, "w") as file:
        time.sleep(0.002)
        file.write(text[: len(text) // 2])
        file.flush()
        time.sleep(0.002)
        file.write(text[len(text) // 2 :])


WAYS = [in_place, by_rename, with_backup, in_two_steps]


def mark(name, number):
    """The same number at both ends of a file, with more than one block of the disk between them."""
    filler = "<!-- " + "between the ends of a file lies enough to fill more than one block of the disk " * 80 + " -->"
    return f'<b id="{name}-first">{number}</b>\n{filler}\n<b id="{name}-last">{number}</b>'


def edited_page(number):
    return (
        '{% extends "base.html" %}\n{% block body %}\n'
        + mark("page", number)
        + '\n<b id="message-first">{{ "edited.first"|trans }}</b>\n<b id="message-last">{{ "edited.last"|trans }}</b>\n'
        + '{% include "edited_part.html" %}\n{% endblock %}\n'
    )


def edited_messages(number):
    filler = "".join(f"  between_{line}: text between the first and the last\n" for line in range(200))
    return f'edited:\n  first: "{number}"\n{filler}  last: "{number}"\n'


def edited_routes(number):
    return f"routes:\n  - moving:\n      path: /at-{number}\n      controller: page_controller::setting\n"
