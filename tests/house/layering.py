#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: reads the include lines of the tree and fails on a forbidden one, on a vk* call outside
engine/vulkan, and on a shader without its CPU twin and test.

    layering.py ROOT [--qt-core FOLDER]    FOLDER: headers of Qt Core, to tell them from other parts of Qt
    layering.py --self-test                small bad trees must be refused, each for its own reason
"""
import argparse
import pathlib
import re
import sys
import tempfile

# Folder: (folders of the project, kinds of other headers). Every folder may include itself and the standard library.
# The longest folder that holds a file counts.
TABLE = {
    "engine/trace": ((), ()),
    "engine/gguf": (("engine/trace",), ("xxhash",)),
    "engine/model": (("engine/trace", "engine/gguf"), ("json", "pcre2", "utf8proc")),
    "engine/needle": (("engine/trace", "engine/gguf", "engine/model"), ("json", "xxhash")),
    "engine/session": (("engine/trace", "engine/gguf"), ("json", "xxhash")),
    "engine/vulkan": (("engine/trace",), ("vulkan",)),
    "engine/inference": (("engine/trace", "engine/gguf", "engine/model", "engine/needle", "engine/session", "engine/vulkan", "shaders"), ()),
    "engine/train": (("engine", "shaders"), ()),
    "shaders": ((), ()),
    "ui": (("engine/trace",), ("qt-core", "qt", "md4c", "hunspell")),
    "app/platform": (("engine/trace",), ("os",)),
    "app/cli": (("engine", "app/platform"), ("cli11", "json")),
    "app/controller": (("engine", "app/platform"), ("qt-core",)),
    "app/store": (("engine/trace",), ("qt-core", "qt-sql")),
    "app/exchange": (("app/store", "engine/trace", "engine/gguf"), ("qt-core", "libarchive")),
    "app/network": (("app/platform", "engine/trace"), ("qt-core", "qt-network", "qtkeychain")),
    "app/gui": (("app", "ui", "engine/trace", "engine/gguf", "engine/model", "engine/needle", "engine/session", "engine/inference"), ("qt-core", "qt")),
}
# Files that hold the calls of the operating system.
OS_FILES = ("mapped_file.cpp", "atomic_file.cpp", "paths.cpp", "signals.cpp", "console.cpp", "titlebar.cpp", "power.cpp",
            "crash.cpp", "driver_threads.cpp")
KINDS = (
    ("vulkan", r"vulkan/.*|volk\.h|vk_.*\.h"),
    ("json", r"nlohmann/.*"),
    ("cli11", r"CLI/.*"),
    ("xxhash", r"xxhash\.h"),
    ("pcre2", r"pcre2\.h"),
    ("utf8proc", r"utf8proc\.h"),
    ("md4c", r"md4c(-html)?\.h|entity\.h"),
    ("hunspell", r"hunspell/.*"),
    ("libarchive", r"archive(_entry)?\.h"),
    ("qtkeychain", r"qt6?keychain/.*"),
    ("qt-sql", r"(QtSql/)?QSql\w*|QtSql"),
    ("qt-network", r"(QtNetwork/)?Q(Network|Tcp|Udp|Ssl|Local(Server|Socket)|Abstract(Socket)|Host)\w*|QtNetwork"),
    ("qt-core", r"QtCore(/.*)?"),
    ("qt", r"Qt?[A-Z]\w*(/\w+)?|q[a-z_]+\.h"),
    ("std", r"[a-z_]+"),  # C++ headers have no ending; C's are included as <cstdint>
    ("os", r"(sys|linux|netinet|arpa|mach-o|mach)/.*|windows\.h|[a-z0-9_]+\.h"),
)
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
SOURCES = (".cpp", ".h", ".comp", ".glsl")


def without_comments(text):
    """Comments and string literals blanked; include lines keep theirs."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, lambda m: m[0] if m[0][0] == '"' else " ", text, flags=re.S)


def folder_of(path):
    fitting = [folder for folder in TABLE if path == folder or path.startswith(folder + "/")]
    return max(fitting, key=len, default=None)


def kind_of(header, qt_core):
    for kind, pattern in KINDS:
        if re.fullmatch(pattern, header):
            if kind == "qt" and (qt_core is None or (qt_core / header).exists()):
                return "qt-core"
            return kind
    return "unknown"


def forbidden(path, quote, header, qt_core):
    """The reason why the file at `path` must not include `header`, or None."""
    own = folder_of(path)
    folders, kinds = TABLE[own]
    if path.startswith("shaders/"):
        common = header.startswith("shaders/") or "/" not in header
        shared = path.endswith(".h") and kind_of(header, qt_core) == "std"  # what C++ reads as well
        return None if (common if quote == '"' else shared) else "shaders include shaders/common alone"
    if quote == '"':
        if ".." in header.split("/") or header.split("/")[0] not in ("app", "engine", "shaders", "ui"):
            return None if header.endswith(".moc") else "includes name the path from the root"
        if any(header.startswith(folder + "/") for folder in (own, *folders)):
            return None
        return f"{own} may use {', '.join(folders) or 'itself alone'}"
    kind = kind_of(header, qt_core)
    if kind == "std" or kind in kinds:
        return None
    if kind == "os":
        named = path.rsplit("/", 1)[1] in OS_FILES
        return None if named else f"calls of the operating system live in {', '.join(OS_FILES)}"
    return f"{own} may use {', '.join(('the standard library', *kinds))}; this is {kind}"


def check(root, qt_core=None):
    """Sentences, one for each breach."""
    breaches = []
    files = sorted(p for top in ("app", "engine", "shaders", "ui") for p in (root / top).rglob("*")
                   if p.suffix in SOURCES and p.is_file())
    for file in files:
        path = file.relative_to(root).as_posix()
        if folder_of(path) is None:
            breaches.append(f"{path}: lies in no folder of the design")
            continue
        text = without_comments(file.read_text(encoding="utf-8", errors="replace"))
        for match in INCLUDE.finditer(text):
            reason = forbidden(path, match[1], match[2], qt_core)
            if reason:
                line = text.count("\n", 0, match.start(2)) + 1
                breaches.append(f"{path}:{line}: includes {match[2]}, but {reason}")
        if file.suffix in (".cpp", ".h") and not path.startswith("engine/vulkan/"):
            code = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
            for match in re.finditer(r"\bvk[A-Z]\w*\s*\(", code):
                line = code.count("\n", 0, match.start()) + 1
                breaches.append(f"{path}:{line}: calls {match[0].rstrip('( ')}, but only engine/vulkan calls Vulkan")
    for shader in sorted((root / "shaders").glob("*.comp")):
        name = shader.stem
        for needed in (f"tests/support/{name}.h", f"tests/support/{name}.cpp", f"tests/shaders/tst_{name}.cpp"):
            if not (root / needed).is_file():
                breaches.append(f"shaders/{name}.comp: has no {needed}")
    return breaches


# Path, text, and a piece of the sentence that must come; None: must pass.
EXAMPLES = (
    ("engine/gguf/a.cpp", "#include <QString>", "engine/gguf may use the standard library, xxhash; this is qt-core"),
    ("engine/gguf/a.cpp", '#include "engine/model/model_config.h"', "engine/gguf may use engine/trace"),
    ("engine/gguf/a.cpp", "#include <sys/mman.h>", "calls of the operating system"),
    ("engine/gguf/a.cpp", "#include <unistd.h>", "calls of the operating system"),
    ("engine/gguf/mapped_file.cpp", "#include <sys/mman.h>\n#include <vector>", None),
    ("engine/gguf/a.cpp", '#include "reader.h"', "path from the root"),
    ("engine/gguf/a.cpp", '#include "../trace/error.h"', "path from the root"),
    ("engine/trace/a.h", '#include "engine/gguf/reader.h"', "may use itself alone"),
    ("engine/trace/a.h", "#include <boost/any.hpp>", "this is unknown"),
    ("engine/inference/a.cpp", '#include "app/platform/paths.h"', "engine/inference may use"),
    ("engine/inference/a.cpp", "#include <vulkan/vulkan.h>", "this is vulkan"),
    ("engine/inference/a.cpp", "void f() { vkDeviceWaitIdle(d); }", "only engine/vulkan calls Vulkan"),
    ("engine/inference/a.cpp", '// vkDeviceWaitIdle(d)\n#include "shaders/embed.h"', None),
    ("engine/vulkan/a.cpp", "#include <volk.h>\nvoid f() { vkDeviceWaitIdle(d); }", None),
    ("ui/panels/a.cpp", '#include "engine/inference/engine.h"', "ui may use engine/trace"),
    ("ui/panels/a.cpp", '#include "app/store/store.h"', "ui may use engine/trace"),
    ("ui/panels/a.cpp", "#include <QSqlQuery>", "this is qt-sql"),
    ("ui/panels/a.cpp", "#include <QNetworkReply>", "this is qt-network"),
    ("ui/panels/a.cpp", '#include "engine/trace/token_trace.h"\n#include "ui/theme/theme.h"\n#include <QLabel>', None),
    ("app/store/a.cpp", '#include "ui/models/conversation.h"', "app/store may use engine/trace"),
    ("app/controller/a.cpp", "#include <QSqlDatabase>", "this is qt-sql"),
    ("app/cli/a.cpp", "#include <QString>", "this is qt-core"),
    ("app/exchange/a.cpp", "#include <archive.h>\n#include <QFile>", None),
    ("app/exchange/a.cpp", '#include "engine/inference/engine.h"', "app/exchange may use"),
    ("app/gui/a.cpp", "#include <archive.h>", "this is libarchive"),
    ("app/gui/a.cpp", '#include "engine/vulkan/device.h"', "app/gui may use"),
    ("app/gui/a.cpp", "#include <QSqlDatabase>", "this is qt-sql"),
    ("app/gui/a.cpp", '#include "app/store/store.h"\n#include "ui/mainwindow/mainwindow.h"', None),
    ("app/other/a.cpp", "", "no folder of the design"),
    ("shaders/common/a.glsl", '#include "engine/trace/error.h"', "shaders include shaders/common alone"),
    ("shaders/common/a.h", '#include <cstdint>\n#include "common.h"', None),
    ("shaders/common/a.h", "#include <QString>", "shaders include shaders/common alone"),
    ("shaders/lonely.comp", "", "has no tests/support/lonely.h"),
)


def self_test():
    wrong = 0
    for path, text, expected in EXAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding="utf-8")
            found = check(pathlib.Path(folder))
        fits = found == [] if expected is None else any(expected in sentence for sentence in found)
        if not fits:
            wrong += 1
            print(f"{path} with {text!r}: expected {expected!r}, found {found}")
    with tempfile.TemporaryDirectory() as folder:
        core = pathlib.Path(folder, "core")
        core.mkdir()
        (core / "QString").touch()
        for name, expected in (("QString", "qt-core"), ("QLabel", "qt"), ("vector", "std"), ("QSqlQuery", "qt-sql")):
            if kind_of(name, core) != expected:
                wrong += 1
                print(f"{name} is taken for {kind_of(name, core)}, not for {expected}")
    print(f"{len(EXAMPLES) + 4 - wrong} of {len(EXAMPLES) + 4} examples are judged rightly.")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=pathlib.Path)
    parser.add_argument("--qt-core", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    if options.root is None:
        parser.error("name the root of the tree")
    breaches = check(options.root, options.qt_core)
    for breach in breaches:
        print(breach)
    print(f"{len(breaches)} breaches of the layers.")
    return 1 if breaches else 0


sys.exit(main())
