# SPDX-License-Identifier: Apache-2.0
"""docs/policy.md once more, from the text and not from the code: what a policy means on this machine."""
import fnmatch
import os
import re
import stat as S

from world import Answer

READ, WRITE, EXEC = 1, 2, 4
TRAPS = (".git/hooks", ".git/config", ".gitmodules", ".github/workflows", ".vscode", ".envrc", ".npmrc", ".husky")


class Refused(Exception):
    """Such a policy cannot be enforced: nothing starts."""


def covers(a, b):
    return a == "/" or a == b or b.startswith(a + "/")


def wild(part):
    return set(re.sub(r"\[[*?[]\]", "", part)) & set("*?[")


def looked_for(part):
    """Is the directory read for it? Of a pattern that has wildcards, each "[*]" is one more."""
    return set(part) & set("*?[")


def plain(part):
    return re.sub(r"\[([*?[])\]", r"\1", part)


class Model:
    """POLICY: a dict of lists "allow_read", ...; HOME: None or a directory; COMMAND: the path of the program; TOP: where all
    files are that "**/" finds; MAY_ENTER, MAY_READ: this user, that directory?"""

    def __init__(self, policy, home, command, top, may_enter, may_read):
        self.top, self.may_read = top, may_read
        self.any = policy.get("allow_exec") == ["**"]
        self.may_enter = may_enter      # may this user look up names in that directory?
        self.allow = []                 # (canonical path, access)
        for key, access in (("allow_write", READ | WRITE), ("allow_read", READ), ("allow_exec", READ | EXEC)):
            for text in policy.get(key, []):
                if not (key == "allow_exec" and text == "**"):
                    for path in self.named(text, False):
                        self.grant(key, path, access)
        self.writable = [p for p, access in self.allow if access & WRITE]
        self.private = {"/tmp": 3, "/var/tmp": 3}
        if home and not any(covers(p, home) for p, _ in self.allow):
            self.private[home] = 3
        self.allow.append((command, READ | EXEC))
        self.traps = []
        if policy.get("protect_project"):
            for at in self.writable:
                self.protect(at)
        self.masks = []
        for text in policy.get("deny", []):
            for path in self.named(text, True):
                self.deny(path)
        self.taken = {WRITE: [], EXEC: []}
        for key, access in (("deny_write", WRITE), ("deny_exec", EXEC)):
            for text in policy.get(key, []):
                for path in self.named(text, True):
                    self.take(text, path, access)
        if any(covers(m, command) for m in self.masks + self.taken[EXEC]):
            raise Refused("the command itself is denied")
        if policy.get("overlay"):
            for path in self.taken[EXEC]:
                self.check_overlay(path)

    # ---- patterns ---------------------------------------------------------------------------------------------------

    def named(self, text, deny):
        """Every path that a rule names: itself, or what its pattern finds."""
        text = text[:-3] if text.endswith("/**") else text
        parts = [self.top, "**", *text[3:].split("/")] if text.startswith("**/") else text.split("/")[1:]
        at = ""
        if text.startswith("**/"):
            at, parts = parts[0], parts[1:]
        literal = not any(wild(p) for p in parts)
        while parts and (literal or not looked_for(parts[0])):
            at, parts = at + "/" + plain(parts[0]), parts[1:]
        if not parts:
            return [at]
        what, base = self.find(at, deny)
        if what == "link":
            raise Refused(f"{at!r}: a link")
        if what == "barred" and not deny:
            raise Refused(f"{at!r}: barred")
        return list(dict.fromkeys(self.search(base, parts, deny))) if what == "d" else []

    def search(self, at, parts, deny, searched=False):
        head, rest = parts[0], parts[1:]
        if deny and not any(covers(a, at) or covers(at, a) for a, _ in self.allow) and not any(
                q != at and covers(at, q) for q in self.private):
            return
        if head == "**":
            if rest:
                yield from self.search(at, rest, deny, True)
            for name in self.names(at):
                if (deny or name[0] != ".") and self.find(at + "/" + name, False)[0] == "d":
                    yield from self.search(at + "/" + name, parts, deny)
            return
        if looked_for(head):
            rule = re.compile(fnmatch.translate(head), re.S)
            names = [n for n in self.names(at) if rule.match(n) and (deny or n[0] != "." or head[0] == ".")]
        else:
            names = [plain(head)] if self.may_enter(at) and os.path.lexists(at + "/" + plain(head)) else []
        for name in names:
            path = at + "/" + name
            if not rest:
                yield path
                continue
            named = not looked_for(head) and not searched  # what is found by looking is followed through no link
            what, path = self.find(path, deny and named)
            if what == "link" and named:
                raise Refused(f"{at}/{name}: a link")
            if what == "d":
                yield from self.search(path, rest, deny)

    def names(self, at):
        if self.may_read(at):
            return sorted(os.listdir(at))
        if self.may_enter(at):
            raise Refused(f"{at!r} cannot be read")
        return []

    def find(self, path, follow):
        """(what there is, canonical path): "" nothing, "link" one that is not followed, "barred", else a letter."""
        cur, rest, links = "", path.split("/")[1:], 0
        while rest:
            name = rest.pop(0)
            if name in ("", "."):
                continue
            if not self.may_enter(cur or "/"):
                return "barred", None
            if name == "..":
                cur = cur.rpartition("/")[0]
                continue
            try:
                mode = os.lstat(cur + "/" + name).st_mode
            except OSError:
                return "", None
            if S.S_ISLNK(mode):
                links += 1
                if not follow:
                    return "link", None
                if links > 40:
                    return "", None
                target = os.readlink(cur + "/" + name)
                cur = "" if target.startswith("/") else cur
                rest = target.split("/") + rest
                continue
            if rest and not S.S_ISDIR(mode):
                return "", None
            cur += "/" + name
        mode = os.lstat(cur or "/").st_mode
        return "d" if S.S_ISDIR(mode) else "f" if S.S_ISREG(mode) else "odd", cur or "/"

    def grant(self, key, text, access):
        what, path = self.find(text, False)
        if what in ("link", "odd", "barred") or (not what and key == "allow_write"):
            raise Refused(f"{key} {text!r}: {what or 'not there'}")
        if what:
            self.allow.append((path, access))

    def protect(self, at):
        for name in TRAPS:
            what, path = self.find(at + "/" + name, False)
            below = [w for w in self.writable if w != at and covers(at, w)]
            if any(covers(w, at + "/" + name) for w in below):
                continue
            if what == "link":
                raise Refused(f"{at}/{name} is a link")
            if what and what in "df":
                self.traps.append(path)

    def deny(self, text):
        what, path = self.find(text, True)
        if what in ("", "barred"):
            return
        granted = any(covers(p, path) or covers(path, p) for p, _ in self.allow)
        # what the sandbox has of its own shows nothing of the host
        inner = max((p for p in self.private if covers(p, path)), key=len, default=None)
        if inner and not any(covers(inner, p) and (covers(p, path) or covers(path, p)) for p, _ in self.allow):
            return
        if granted:
            self.masks.append(path)

    def take(self, text, path, access):
        """deny_write, deny_exec: what is granted at the path, above and below it, is no longer written to or executed there."""
        if covers("/proc", text):
            return
        what, path = self.find(path, True)
        if what in ("", "barred"):
            path = path or text
            if not any(covers(path, q) for q in self.private):
                return
        inner = max((p for p in self.private if covers(p, path)), key=len, default=None)
        within = any(covers(p, path) and not (inner and covers(p, inner)) for p, _ in self.allow)
        if access == WRITE and what == "odd" and within:
            raise Refused(f"{text!r}: a read-only mount holds no FIFO")
        if what != "odd":  # which is not executed anyway
            self.taken[access].append(path)

    def check_overlay(self, path):
        a, above = self.answer(path), self.answer(os.path.dirname(path))
        if self.find(path, False)[0] == "f" and a.kind == "h" and a.write and (above.kind, above.access, above.exec_mount) != (
                "h", a.access, a.exec_mount):
            raise Refused(f"{path!r}: a file that is written to has no overlay")

    def answer(self, p):
        """As the C side's; KIND "h", "p", "m" or "-"."""
        masks = [m for m in self.masks if covers(m, p)]
        shown = [a for a, _ in self.allow if not any(covers(m, a) for m in self.masks)]
        points = shown + list(self.private) + self.masks
        skeleton = p == "/" or any(q != p and covers(p, q) for q in points)
        if masks:
            return Answer(0, 0, 0, 0, "m", 0, 0, min(masks, key=len) == p, skeleton)
        host = [a for a in self.allow if covers(a[0], p)]
        own = max((q for q in self.private if covers(q, p)), key=len, default=None)
        if own and not any(covers(own, a) for a, _ in host):
            # what is named within such a place is not there
            write = not any(covers(t, own) for t in self.taken[WRITE])
            run = self.any and not any(covers(t, own) for t in self.taken[EXEC])
            return Answer(1, write, run, 0, "p", 1 + 2 * write + 4 * run, run, own == p, skeleton)
        if not host:
            return Answer(skeleton, 0, 0, not skeleton, "-", 0, 0, 0, skeleton)
        access = 0
        for _, a in host:
            access |= a
        for trap in self.traps:
            if covers(trap, p) and not any(w != trap and covers(trap, w) and covers(w, p) for w in self.writable):
                access &= ~WRITE
        if self.any:
            access |= EXEC
        if any(covers(t, p) for t in self.taken[WRITE]):
            access &= ~WRITE
        mapped = bool(access & EXEC) or not access & WRITE
        if any(covers(t, p) for t in self.taken[EXEC]):
            access, mapped = access & ~EXEC, False
        return Answer(access & 1, bool(access & WRITE), bool(access & EXEC), 0, "h", access, mapped, None, skeleton)
