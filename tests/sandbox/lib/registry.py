# SPDX-License-Identifier: Apache-2.0
"""The list of attempts. Most are one word to the program `attempt`, run together in one sandbox; a case does what it
likes. Names start with the number of the battery."""

ATTEMPTS = []
CASES = []
NOT_HERE = []  # (number, reason): cannot be shown on this machine


class Attempt:
    def __init__(self, spec, want, layer, errnos, bare, group, only, why):
        self.spec, self.want, self.layer, self.errnos = spec, want, layer, errnos
        self.bare, self.group, self.only, self.why = bare, group, only, why

    def number(self):
        return int(self.spec.split("-", 1)[0])


def attempt(spec, want="blocked", layer=None, errnos=None, bare="ru", group="plain", only=None, why=None):
    """
    WANT: how it must end inside. ERRNOS: which are right, None for any. LAYER: names that the denial in the trace may have,
    "" for no demand (a refusal that no call shows, or that is the system's own). BARE: as whom it must succeed without a
    sandbox: r(oot), u(ser); else nothing would be proved. ONLY: a configuration's user or profile. SPEC may hold {params}.
    """
    if isinstance(errnos, str):
        errnos = errnos.split()
    if isinstance(layer, str):
        layer = layer.split()
    ATTEMPTS.append(Attempt(spec, want, layer, errnos, bare, group, only, why))


class Case:
    def __init__(self, name, fn, only):
        self.name, self.fn, self.only = name, fn, only

    def number(self):
        head = self.name.split("-", 1)[0]
        return int(head) if head.isdigit() else 0


def case(name, only=None):
    """The function gets a Box; it raises Failure, or Skip with what is missing here."""
    def add(fn):
        CASES.append(Case(name, fn, only))
        return fn
    return add


def not_here(number, reason):
    NOT_HERE.append((number, reason))
