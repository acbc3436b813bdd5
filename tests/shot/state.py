#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What shot.sh reads from and writes to the app's data folder.

    state.py theme FOLDER light|dark   as if chosen in the settings; the folder must have been opened by the app before
    state.py answers FOLDER            how many answers are complete
    state.py kept FOLDER               characters that are kept of the last answer while it is computed, else "ended"
    state.py code FOLDER               the last answer gets a code block, which the built-in model seldom writes
    state.py thinking FOLDER           the last answer gets a thinking before it, which the built-in model never has
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

THINKING = """The question is which expert answers a token. The router is a matrix, so:

1. Its product with the hidden state is one score per expert.
2. A softmax makes gates of the scores, and the largest few are kept.

狐狸和船 may be two tokens or four; the router sees each of them by itself."""


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
            connection.execute("UPDATE messages SET text = ?, decode_tokens = 131, decode_ms = 1940, state = 'complete', "
                               "stop_reason = 'eos' WHERE id = (SELECT max(id) FROM messages WHERE role = 'assistant')",
                               (CODE,))
        elif action == "thinking":
            # The tokens of an answer are those of its thinking and of what follows.
            connection.execute("UPDATE messages SET text = ?, thinking_ms = 1420, thinking_tokens = 96, decode_tokens = "
                               "227, decode_ms = 3360, state = 'complete', stop_reason = 'eos' WHERE id = (SELECT "
                               "max(id) FROM messages WHERE role = 'assistant')",
                               (f"<think>\n{THINKING}\n</think>\n\n{CODE}",))
        elif action == "kept":
            state, kept = connection.execute(
                "SELECT state, (SELECT coalesce(sum(length(text)), 0) FROM answer_parts WHERE message = messages.id) "
                "FROM messages WHERE role = 'assistant' ORDER BY id DESC LIMIT 1").fetchone()
            print(kept if state == "streaming" else "ended")
        else:
            rows = connection.execute("SELECT count(*) FROM messages WHERE role = 'assistant' AND state = 'complete'")
            print(rows.fetchone()[0])


main()
