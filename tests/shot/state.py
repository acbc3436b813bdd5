#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What shot.sh reads from and writes to the app's data folder.

    state.py theme FOLDER light|dark   as if chosen in the settings; the folder must have been opened by the app before
    state.py answers FOLDER            how many answers are complete
    state.py code FOLDER               the last answer gets a code block, which the built-in model seldom writes
"""
import json
import pathlib
import sqlite3
import sys

CODE = """A router picks the experts of a token:

```python
def route(hidden, router, k):
    scores = hidden @ router.T        # one score per expert
    gates = softmax(scores)           # weights that add to 1
    weight, expert = topk(gates, k)   # 1 of 16
    return expert, weight
```

- **Scores.** One number per expert.
- **Gates.** A softmax turns the scores into weights.
"""


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
        elif action == "code":
            connection.execute("UPDATE messages SET text = ?, state = 'complete', stop_reason = 'eos' WHERE id = "
                               "(SELECT max(id) FROM messages WHERE role = 'assistant')", (CODE,))
        else:
            rows = connection.execute("SELECT count(*) FROM messages WHERE role = 'assistant' AND state = 'complete'")
            print(rows.fetchone()[0])


main()
