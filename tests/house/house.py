# SPDX-License-Identifier: Apache-2.0
"""What the house tests share: the files of the tree, a rough reader of C, and TAP.

The reader of C knows comments, strings, preprocessor lines, braces and parentheses, and nothing else: it is right for
code that clang-format has laid out, and says so (class Unreadable) when the braces of a file do not close.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files():
    """Every file that is, or could be, committed: paths from the root, sorted. Without git: all but build/ and dot files."""
    try:
        listed = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], cwd=ROOT, check=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        names = {os.fsdecode(name) for name in listed.split(b'\0') if name}
    except (OSError, subprocess.CalledProcessError):
        names = set(_walk())
    return sorted(name for name in names if os.path.isfile(os.path.join(ROOT, name)))


def _walk():
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [d for d in inner if not d.startswith('.') and (folder != ROOT or d != 'build')]
        for name in names:
            if not name.startswith('.'):
                yield os.path.relpath(os.path.join(folder, name), ROOT)


def c_files(folder, ends=('.c', '.h')):
    return [name for name in files() if name.startswith(folder + '/') and name.endswith(ends)]


def read(name):
    with open(os.path.join(ROOT, name), encoding='utf-8', errors='replace') as f:
        return f.read()


# ---------------------------------------------------------------------------------------------------------------- C

_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
_DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.M)
_ATTRIBUTES = {'__attribute__', 'PRINTF', '_Static_assert', '_Alignas', 'alignas', 'defined'}
_NOT_NAMES = {'if', 'for', 'while', 'switch', 'return', 'sizeof', 'void', 'bool', 'int', 'char', 'typeof'}


class Unreadable(Exception):
    pass


def _blank(text):
    return re.sub(r'[^\n]', ' ', text)


def without_comments(text):
    return _TOKEN.sub(lambda m: _blank(m[0]) if m[0].startswith('/') else m[0], text)


def code_and_macros(text):
    """The text with comments and what stands in quotes blanked out: every place stays where it was."""
    def blank(m):
        return _blank(m[0]) if m[0].startswith('/') else m[0][0] + _blank(m[0][1:-1]) + m[0][-1]
    return _TOKEN.sub(blank, text)


def code(text):
    """The same without preprocessor lines."""
    return _DIRECTIVE.sub(lambda m: _blank(m[0]), code_and_macros(text))


def comment_lines(text):
    """The numbers of the lines on which a comment stands: (alone, behind code)."""
    alone, behind = set(), set()
    lines = code(text).split('\n')
    for m in _TOKEN.finditer(text):
        if m[0].startswith('/'):
            first = text.count('\n', 0, m.start()) + 1
            for line in range(first, first + m[0].count('\n') + 1):
                (behind if lines[line - 1].strip() else alone).add(line)
    return alone, behind


class Piece:
    """A declaration or definition at the outermost level of a file."""
    def __init__(self, name, head, first, last, has_body):
        self.name, self.head, self.first, self.last, self.has_body = name, head, first, last, has_body
        self.is_static = re.search(r'\bstatic\b', head) is not None
        self.lines = last - first + 1


def functions(text):
    """The functions declared and defined in a file, in order."""
    body = code(text)
    found, start, depth, is_function = [], 0, 0, False
    for m in re.finditer(r'[{};]', body):
        c, at = m[0], m.start()
        if c == '{':
            if depth == 0:
                is_function = _function_name(body[start:at]) is not None
            depth += 1
        elif c == '}':
            depth -= 1
            if depth < 0:
                raise Unreadable('a } too many at line %d' % (body.count('\n', 0, at) + 1))
            if depth == 0 and is_function:
                found.append(_piece(body, start, at, True))
                start, is_function = at + 1, False
        elif depth == 0:
            if _function_name(body[start:at]):
                found.append(_piece(body, start, at, False))
            start = at + 1
    if depth:
        raise Unreadable('%d { never closed' % depth)
    return found


def _piece(body, start, end, has_body):
    while body[start].isspace():
        start += 1
    head = body[start:body.index('{', start)] if has_body else body[start:end]
    return Piece(_function_name(head), head, body.count('\n', 0, start) + 1, body.count('\n', 0, end) + 1, has_body)


def _function_name(head):
    """The name of the function that the text before a { or ; declares; None where it is something else."""
    outer, depth = [], 0
    for c in head:                      # what stands in parentheses goes, but for the parentheses
        depth -= c == ')'
        if depth == 0:
            outer.append(c)
        depth += c == '('
    flat = ''.join(outer)
    if '=' in flat or '{' in flat or re.search(r'\btypedef\b', flat):
        return None
    names = [name for name in re.findall(r'(\w+)\s*\(\)', flat) if name not in _ATTRIBUTES and name not in _NOT_NAMES]
    return names[0] if names else None


# --------------------------------------------------------------------------------------------------------------- TAP

class Tap:
    """`tap.check(text, faults)`: ok when there are none; else the faults as diagnostics. `tap.end()` prints the plan."""
    SHOWN = 200

    def __init__(self):
        self.count, self.failed = 0, 0

    def check(self, text, faults):
        faults = list(faults)
        self.count += 1
        self.failed += bool(faults)
        print('%s %d - %s' % ('not ok' if faults else 'ok', self.count, text))
        for fault in faults[:self.SHOWN]:
            self.say(fault)
        if len(faults) > self.SHOWN:
            self.say('and %d more' % (len(faults) - self.SHOWN))

    @staticmethod
    def say(text):
        print('# ' + text)

    def end(self):
        print('1..%d' % self.count)
        sys.exit(1 if self.failed else 0)
