#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules of the house that no compiler checks.

    lint.py                 the tree, from any folder inside it
    lint.py --self-test     bad examples must be found, good ones must pass
"""
import pathlib
import re
import subprocess
import sys

LARGEST, LARGEST_SHADER, LARGEST_P90 = 600, 200, 400  # lines
MEGABYTES = 50
CODE = (".cpp", ".h", ".comp", ".glsl", ".py", ".sh", ".cmake")
# The only files that ask which system they are built for.
SYSTEM_FILES = ("mapped_file", "atomic_file", "paths", "signals", "console", "titlebar", "power", "crash", "driver_threads")
SHOWN = ("setText|setToolTip|setWindowTitle|setPlaceholderText|setAccessibleName|setAccessibleDescription|setStatusTip|"
         "setWhatsThis|setTitle|setTabText|setLabelText|setInformativeText|setHeaderLabels|addAction|addMenu|addItem|"
         "addItems|addTab|addRow|insertItem|showMessage|QLabel|QPushButton|QToolButton|QCheckBox|QRadioButton|QGroupBox|"
         "QAction|QMenu|StyledLabel|ElidedLabel|IconButton|RowButton")
CONTROLS = ("QPushButton|QToolButton|QLineEdit|QTextEdit|QPlainTextEdit|QTextBrowser|QComboBox|QFontComboBox|QSpinBox|"
            "QDoubleSpinBox|QSlider|QListWidget|QListView|QTreeView|QTreeWidget|QTableView|QTableWidget|QTabBar|"
            "QCheckBox|QRadioButton|QProgressBar")
NAMED_BY_TEXT = ("QPushButton", "QCheckBox", "QRadioButton")  # Qt makes their text their accessible name
LITERAL = re.compile(r'(?:QStringLiteral|QLatin1String|QString|QString::fromUtf8|QString::fromLatin1)?\s*[({]?\s*'
                     r'(?:u8?|L)?"((?:\\.|[^"\\])*)"')
QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
# Put together so that this file passes its own rule.
MARKER = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.~/*-])/(?:wor" r"k|roo" r"t)/[\w.]")


def arguments_at(text, opening):
    """Top-level arguments of the call whose bracket is at `opening`."""
    depth, start, found, i = 0, opening + 1, [], opening
    while i < len(text):
        c = text[i]
        if c == '"':
            quoted = QUOTED.match(text, i)
            i = quoted.end() if quoted else i + 1
            continue
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return found + [text[start:i].strip()]
        elif c == "," and depth == 1:
            found.append(text[start:i].strip())
            start = i + 1
        i += 1
    return found


def blank_comments(text):
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
    return re.sub(pattern, lambda m: m[0] if m[0][0] in "\"'" else re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def untranslated(text):
    """Literals with words that are shown without tr()."""
    for match in re.finditer(rf"\b({SHOWN})\s*(?:\w+\s*)?([({{])", text):
        before = text[:match.start()].rstrip()
        if before.endswith("class"):
            continue
        for number, argument in enumerate(arguments_at(text, match.start(2))):
            literal = LITERAL.match(argument)
            first_is_icon = match[1] in ("IconButton", "RowButton") and number == 0
            if literal and not first_is_icon and re.search(r"[^\W\d_]{2}", re.sub(r"%\w+|\\.|&\w+;|<[^>]*>", "", literal[1])):
                yield match.start(), f"shows “{literal[1]}” without tr()"


def nameless(text):
    """Controls that are made and get no accessible name in the lines that follow."""
    for match in re.finditer(rf"(\w+)\s*=\s*new ({CONTROLS})\b\s*([({{;])", text):
        arguments = arguments_at(text, match.start(3)) if match[3] != ";" else []
        if match[2] in NAMED_BY_TEXT and arguments and re.match(r"(QObject::)?tr\(|\w*[tT](ext|itle)\b", arguments[0]):
            continue
        rest = text[match.end():].split("\n}", 1)[0]  # to the end of the function
        named = re.search(rf"\b{match[1]}->setAccessibleName\(", rest)
        if not named and not (match[2] in NAMED_BY_TEXT and f"{match[1]}->setText(" in text):
            yield match.start(), f"{match[1]} ({match[2]}) gets no accessible name where it is made"
    for match in re.finditer(rf"(?<![=\w] )(?<!return )\bnew ({CONTROLS})\b\s*\(([^()]*)\)\s*[,;)]", text):
        before = text[:match.start()].rstrip()
        if not before.endswith("=") and not (match[1] in NAMED_BY_TEXT and "tr(" in match[2]):
            yield match.start(), f"a {match[1]} is made without a name to give it an accessible name by"


def bad_errors(text):
    """Errors without an id, a full sentence, or the arguments that the sentence names."""
    for match in re.finditer(r"\bthrow\s+std::(\w+)", text):
        if match[1] not in ("bad_alloc", "logic_error", "invalid_argument", "out_of_range"):  # ours to mend, not users'
            yield match.start(), f"throws std::{match[1]}, which has no id and no named arguments"
    for match in re.finditer(r"(?:\bthrow\s+|\b)(?:trace::)?Error\s*\(\s*\"", text):
        arguments = arguments_at(text, text.index("(", match.start()))
        if len(arguments) < 2:
            continue
        identifier = arguments[0].strip('"')
        if not re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", identifier):
            yield match.start(), f"the error's id “{identifier}” is not area.kind"
        if not re.fullmatch(r'(?:"(?:\\.|[^"\\])*"\s*)+', arguments[1]):
            continue  # made at run time
        sentence = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', arguments[1]))
        if not re.search(r"[.?}]$", sentence):
            yield match.start(), f"the error “{sentence[:60]}” is not a full sentence"
        names = set(re.findall(r"\{(\w+)\}", sentence))
        given = arguments[2] if len(arguments) > 2 else ""
        if given.startswith("{") or not given:
            for name in sorted(names - set(re.findall(r'\{\s*"(\w+)"', given))):
                yield match.start(), f"the error “{identifier}” names {{{name}}} and does not give it"


def system_tests(path, text):
    if pathlib.PurePosixPath(path).stem in SYSTEM_FILES:
        return
    for match in re.finditer(r"^\s*#\s*(?:el)?if.*\b(_WIN32|_WIN64|Q_OS_\w+|__APPLE__|__linux__)\b", text, re.M):
        yield match.start(1), f"asks for {match[1]}; that is left to {', '.join(SYSTEM_FILES)}"


def check_file(path, raw):
    """Breaches in one file: (line, sentence)."""
    suffix = pathlib.PurePosixPath(path).suffix
    lines = raw.split("\n")
    code = suffix in CODE or path.endswith(("CMakeLists.txt", ".cmake.in"))
    if code and not any("SPDX-License-Identifier: Apache-2.0" in line for line in
                                  lines[:2 if lines[0].startswith("#!") else 1]):
        yield 1, "the first line names no licence (SPDX-License-Identifier: Apache-2.0)"
    if not path.startswith("tests/data/") and suffix != ".md":
        for match in MARKER.finditer(raw):
            yield line_at(raw, match.start()), f"leaves a {match[0]} behind"
    if not path.startswith(("tests/data/", "resources/models/")):
        for match in MACHINE_PATH.finditer(raw):
            yield line_at(raw, match.start()), f"names a path of one machine: {match[0]}…"
    if suffix in (".cpp", ".h", ".comp", ".glsl"):
        limit = LARGEST_SHADER if path.startswith("shaders/") else LARGEST
        if raw.count("\n") > limit:
            yield 1, f"has {raw.count(chr(10))} lines, {limit} are the most"
    if suffix not in (".cpp", ".h"):
        return
    text = blank_comments(raw)
    rules = []
    if path.startswith(("ui/", "app/gui/")):
        rules += [untranslated(text), nameless(text)]
    if path.startswith(("engine/", "app/")):
        rules.append(bad_errors(text))
    if path.startswith(("engine/", "app/", "ui/")):
        rules.append(system_tests(path, text))
    for rule in rules:
        for offset, sentence in rule:
            yield line_at(text, offset), sentence


def check_tree():
    top = subprocess.run(["git", "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=True,
                         cwd=pathlib.Path(__file__).parent).stdout.strip()
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True,
                           text=True, check=True, cwd=top).stdout.split("\0")
    breaches, lengths, size = [], [], 0
    for name in sorted(set(filter(None, names))):
        file = pathlib.Path(top, name)
        if not file.is_file():
            continue
        data = file.read_bytes()
        size += len(data)
        if b"\0" in data[:8192]:
            continue
        text = data.decode("utf-8", "replace")
        if name.startswith(("app/", "engine/", "ui/")) and file.suffix in (".cpp", ".h"):
            lengths.append(text.count("\n"))
        breaches += [f"{name}:{line}: {sentence}" for line, sentence in check_file(name, text)]
    if lengths:
        p90 = sorted(lengths)[len(lengths) * 9 // 10]
        if p90 > LARGEST_P90:
            breaches.append(f"One file in ten has more than {p90} lines, {LARGEST_P90} are the most.")
    if size > MEGABYTES * 1_000_000:
        breaches.append(f"The files take {size / 1e6:.1f} MB, {MEGABYTES} MB are the most.")
    return breaches


SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
# Path, text after the licence line, piece of the sentence that must come (None: must pass).
EXAMPLES = (
    ("ui/a.cpp", 'label->setText("Hello");', "without tr()"),
    ("ui/a.cpp", 'auto* l = new QLabel(QStringLiteral("Hello there"), this);', "without tr()"),
    ("ui/a.cpp", 'menu->addAction(icon, QStringLiteral("Open"));', "without tr()"),
    ("ui/a.cpp", 'label->setText(tr("Hello")); label->setText(QStringLiteral("%1 · %2")); label->setText("…");', None),
    ("ui/a.cpp", 'm_a = new IconButton(QStringLiteral("send"), tr("Send"));', None),
    ("ui/a.cpp", 'm_a = new IconButton(QStringLiteral("send"), QStringLiteral("Send"));', "“Send” without tr()"),
    ("ui/a.cpp", "auto* edit = new QLineEdit(this);\nedit->setFrame(false);\n}\nedit->setAccessibleName(x);", "no accessible"),
    ("ui/a.cpp", 'auto* edit = new QLineEdit(this);\nedit->setAccessibleName(tr("Title"));', None),
    ("ui/a.cpp", "m_tool = new QToolButton;\n", "no accessible name"),
    ("ui/a.cpp", 'm_send = new QPushButton(tr("Send"), this);', None),
    ("ui/a.cpp", "layout->addWidget(new QLineEdit(this));", "without a name"),
    ("app/store/a.cpp", 'label->setText("Hello");', None),
    ("engine/a.cpp", 'throw std::runtime_error("no");', "std::runtime_error"),
    ("engine/a.cpp", 'throw trace::Error("gguf", "It is bad.");', "not area.kind"),
    ("engine/a.cpp", 'throw trace::Error("gguf.bad", "It is bad");', "not a full sentence"),
    ("engine/a.cpp", 'throw trace::Error("gguf.bad", "{a} is "\n "{b}.", {{"a", x}});', "names {b}"),
    ("engine/a.cpp", 'throw trace::Error("gguf.bad", "“{a}” is bad.", {{"a", f(x, y)}});', None),
    ("engine/a.cpp", "#ifdef _WIN32\n#endif", "asks for _WIN32"),
    ("app/platform/paths.cpp", "#ifdef _WIN32\n#endif", None),
    ("engine/a.cpp", "// TO" "DO later", "behind"),
    ("engine/a.cpp", 'open("/wor' 'k/x");', "path of one machine"),
    ("engine/a.cpp", "x\n" * 600, "has 601 lines"),
    ("shaders/a.comp", "x\n" * 200, "has 201 lines"),
)


def self_test():
    wrong = 0
    cases = [(path, SPDX + text, expected) for path, text, expected in EXAMPLES]
    cases += [("engine/a.cpp", "int a;\n", "names no licence"), ("a.py", "#!/x\n# SPDX-License-Identifier: Apache-2.0\n", None),
              ("ui/CMakeLists.txt", "add_subdirectory(theme)\n", "names no licence"),
              ("cmake/a.cmake", "set(A 1)\n", "names no licence"),
              ("CMakeLists.txt", "# SPDX-License-Identifier: Apache-2.0\nset(A 1)\n", None)]
    for path, text, expected in cases:
        found = [sentence for _, sentence in check_file(path, text)]
        if found if expected is None else not any(expected in sentence for sentence in found):
            wrong += 1
            print(f"{path} with {text[len(SPDX):][:80]!r}: expected {expected!r}, found {found}")
    print(f"{len(cases) - wrong} of {len(cases)} examples are judged rightly.")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    breaches = check_tree()
    for breach in breaches:
        print(breach)
    if breaches:
        print(f"{len(breaches)} breaches of the house's rules.")
    return 1 if breaches else 0


sys.exit(main())
