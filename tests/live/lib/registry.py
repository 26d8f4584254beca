# SPDX-License-Identifier: Apache-2.0
"""The list of cases. A recordable case is one command line under sandtrace and a check of its trace: it can be
recorded on one machine and checked on another. A host case does what it likes, here."""

RECORD = []
HOST = []


class Case:
    def __init__(self, name, check, prog=None, args=(), opts=(), rc=0, partial=False):
        self.name, self.check, self.prog = name, check, prog
        self.args, self.opts, self.rc, self.partial = list(args), list(opts), rc, partial


def recorded(name, prog, *args, opts=(), rc=0, partial=False):
    """The check gets a Trace. RC: exit status of sandtrace, which is the command's."""
    def add(check):
        RECORD.append(Case(name, check, prog, args, opts, rc, partial))
        return check
    return add


def host(name):
    """The function gets a Host (host.py)."""
    def add(check):
        HOST.append(Case(name, check))
        return check
    return add
