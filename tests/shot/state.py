#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What shot.sh reads from and writes to the app's data folder.

    state.py theme FOLDER light|dark   as if chosen in the settings; the folder must have been opened by the app before
    state.py answers FOLDER            how many answers are complete
"""
import json
import pathlib
import sqlite3
import sys


def database(folder):
    file = pathlib.Path(folder, "moescope.sqlite")
    if not file.exists():
        sys.exit(f"There is no database in {folder}.")
    return sqlite3.connect(file, timeout=10)


def main():
    action, folder, *rest = sys.argv[1:]
    with database(folder) as connection:
        if action == "theme":
            connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES ('appearance.theme', ?)",
                               (json.dumps([rest[0]]),))  # a value is kept as the only element of an array
        else:
            rows = connection.execute("SELECT count(*) FROM messages WHERE role = 'assistant' AND state = 'complete'")
            print(rows.fetchone()[0])


main()
