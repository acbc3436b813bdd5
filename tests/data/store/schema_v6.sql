-- The schema of version 6 as released, with a little data. Do not modify this file: tests migrate it.
-- A statement ends at an empty line.

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  deleted_at INTEGER,
  current_leaf INTEGER,
  sampling TEXT NOT NULL,
  system_prompt TEXT NOT NULL,
  draft TEXT NOT NULL,
  FOREIGN KEY (id, current_leaf) REFERENCES messages (conversation, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE INDEX conversations_list ON conversations (deleted_at, changed);

CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  parent INTEGER,
  role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
  state TEXT NOT NULL CHECK (state IN ('complete', 'streaming', 'interrupted', 'cancelled', 'failed')),
  created INTEGER NOT NULL,
  model_name TEXT,
  model_file TEXT,
  model_type TEXT,
  model_parameters INTEGER,
  sampling TEXT,
  seed INTEGER,
  prefill_ms REAL NOT NULL DEFAULT 0,
  prefill_tokens INTEGER NOT NULL DEFAULT 0,
  reused_tokens INTEGER NOT NULL DEFAULT 0,
  first_token_ms REAL NOT NULL DEFAULT 0,
  decode_ms REAL NOT NULL DEFAULT 0,
  decode_tokens INTEGER NOT NULL DEFAULT 0,
  stop_reason TEXT,
  error_id TEXT,
  error TEXT,
  indexed INTEGER NOT NULL,
  text TEXT NOT NULL, thinking_ms REAL NOT NULL DEFAULT 0, thinking_tokens INTEGER NOT NULL DEFAULT 0, answer_begin INTEGER NOT NULL DEFAULT 0, model_active_parameters INTEGER NOT NULL DEFAULT 0,
  UNIQUE (conversation, id),
  FOREIGN KEY (conversation, parent) REFERENCES messages (conversation, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE INDEX messages_parent ON messages (conversation, parent);

CREATE INDEX messages_streaming ON messages (id) WHERE state = 'streaming';

CREATE INDEX messages_not_indexed ON messages (id) WHERE indexed = 0;

CREATE TABLE answer_parts (
  message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  part INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (message, part)
) STRICT;

CREATE TABLE traces (
  message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  part INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (message, part)
) STRICT;

CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE title_search USING fts5 (title, content = 'conversations', content_rowid = 'id', tokenize = 'trigram');

CREATE TRIGGER title_search_insert AFTER INSERT ON conversations BEGIN
  INSERT INTO title_search (rowid, title) VALUES (new.id, new.title);
END;

CREATE TRIGGER title_search_update AFTER UPDATE OF title ON conversations BEGIN
  INSERT INTO title_search (title_search, rowid, title) VALUES ('delete', old.id, old.title);
  INSERT INTO title_search (rowid, title) VALUES (new.id, new.title);
END;

CREATE TRIGGER title_search_delete AFTER DELETE ON conversations BEGIN
  INSERT INTO title_search (title_search, rowid, title) VALUES ('delete', old.id, old.title);
END;

CREATE VIRTUAL TABLE text_search USING fts5 (text, content = 'indexed_texts', content_rowid = 'id', tokenize = 'trigram');

CREATE VIEW indexed_texts (id, text) AS SELECT id, substr(text, answer_begin + 1) FROM messages WHERE indexed = 1;

CREATE TRIGGER text_search_insert AFTER INSERT ON messages WHEN new.indexed = 1 BEGIN
  INSERT INTO text_search (rowid, text) VALUES (new.id, substr(new.text, new.answer_begin + 1));
END;

CREATE TRIGGER text_search_update AFTER UPDATE OF text, indexed, answer_begin ON messages BEGIN
  INSERT INTO text_search (text_search, rowid, text)
    SELECT 'delete', old.id, substr(old.text, old.answer_begin + 1) WHERE old.indexed = 1;
  INSERT INTO text_search (rowid, text) SELECT new.id, substr(new.text, new.answer_begin + 1) WHERE new.indexed = 1;
END;

CREATE TRIGGER text_search_delete AFTER DELETE ON messages WHEN old.indexed = 1 BEGIN
  INSERT INTO text_search (text_search, rowid, text)
    VALUES ('delete', old.id, substr(old.text, old.answer_begin + 1));
END;

INSERT INTO conversations (id, title, created, changed, sampling, system_prompt, draft)
VALUES (7, 'The fox and the boat', 1700000000000, 1700000005000, '{"temperature":0.5}', 'Be brief.', 'And then');

INSERT INTO messages (id, conversation, parent, role, state, created, indexed, text)
VALUES (11, 7, NULL, 'user', 'complete', 1700000001000, 1, 'Tell me a story about a fox and a boat.');

INSERT INTO messages (id, conversation, parent, role, state, created, model_name, model_file, model_type,
  model_parameters, model_active_parameters, sampling, seed, prefill_ms, prefill_tokens, first_token_ms, decode_ms,
  decode_tokens, thinking_ms, thinking_tokens, stop_reason, error_id, error, indexed, answer_begin, text)
VALUES (12, 7, 11, 'assistant', 'complete', 1700000002000, 'Nano', 'nano.gguf', 'q8_0', 30000000, 6500000,
  '{"temperature":0.5}', 42, 12.5, 20, 15.0, 400.0, 40, 350.5, 31, 'eos', '', '', 1, 0,
  'The fox found a boat among the reeds.');

INSERT INTO messages (id, conversation, parent, role, state, created, indexed, text)
VALUES (13, 7, 11, 'assistant', 'streaming', 1700000003000, 0, '');

INSERT INTO answer_parts (message, part, text) VALUES (13, 1, 'Once upon '), (13, 2, 'a time');

UPDATE conversations SET current_leaf = 12 WHERE id = 7;

INSERT INTO settings (name, value) VALUES ('window.layout', '["Inspect"]');

PRAGMA application_id = 1299146067;

ALTER TABLE messages ADD COLUMN recipe TEXT;

ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT 'chat' CHECK (kind IN ('chat', 'comparison'));

ALTER TABLE conversations ADD COLUMN comparison TEXT NOT NULL DEFAULT '{}';

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'cancelled', 'failed')),
  prompt INTEGER REFERENCES messages (id) ON DELETE SET NULL,
  answer INTEGER REFERENCES messages (id) ON DELETE SET NULL,
  error_id TEXT,
  error TEXT,
  settings TEXT NOT NULL,
  result TEXT NOT NULL
) STRICT;

CREATE INDEX runs_of ON runs (conversation, id);

CREATE INDEX runs_prompt ON runs (prompt);

CREATE INDEX runs_answer ON runs (answer);

CREATE TABLE kv_states (
  message INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  leaf BLOB NOT NULL,
  key TEXT NOT NULL
) STRICT;

INSERT INTO conversations (id, title, created, changed, sampling, system_prompt, draft, kind, comparison)
VALUES (8, 'Which one', 1700000006000, 1700000006000, '{}', '', '', 'comparison', '{"question":"Which one"}');

INSERT INTO runs (id, conversation, state, settings, result) VALUES (3, 8, 'queued', '{"model":"builtin"}', '{}');

PRAGMA user_version = 6;
