PRAGMA user_version = 11;

CREATE TABLE answers (
  key TEXT PRIMARY KEY,
  request_hash TEXT NOT NULL,
  claimed_at INTEGER NOT NULL,
  status INTEGER,
  body TEXT
  , request_id TEXT, run_id TEXT) STRICT;

CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  request_id TEXT NOT NULL,
  trigger TEXT NOT NULL,
  agent TEXT NOT NULL,
  workspace TEXT NOT NULL,
  prompt TEXT NOT NULL,
  binary TEXT NOT NULL,
  timeout_ms INTEGER NOT NULL,
  stall_ms INTEGER NOT NULL,
  requested_at INTEGER NOT NULL,
  announced_at INTEGER,
  notice TEXT,
  stopped_at INTEGER,
  stopped_pids TEXT,
  command TEXT,
  log_path TEXT,
  header_bytes INTEGER,
  launched_at INTEGER,
  boot_id TEXT,
  agent_pid INTEGER,
  agent_start TEXT,
  wrapper_pid INTEGER,
  wrapper_start TEXT,
  mirrored_bytes INTEGER,
  ended_at INTEGER,
  outcome TEXT,
  return_code INTEGER,
  cause TEXT,
  output_bytes INTEGER,
  tokens_used INTEGER
  , caller TEXT, notice_id INTEGER, notice_text TEXT, name TEXT, remedy TEXT, model TEXT, session_id TEXT, reply TEXT, usage_input INTEGER, usage_cached INTEGER, usage_output INTEGER, usage_total INTEGER, cost_usd REAL, turns INTEGER, error_kind TEXT, slot TEXT NOT NULL DEFAULT 'default', shares_workspace INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX runs_by_outcome ON runs (outcome);

CREATE INDEX runs_by_request_time ON runs (requested_at);

CREATE INDEX runs_by_slot ON runs (slot);

CREATE INDEX runs_by_trigger ON runs (trigger, launched_at);

CREATE INDEX runs_by_workspace ON runs (workspace);

CREATE INDEX runs_failed ON runs (outcome) WHERE outcome = 'exited' AND return_code IS NOT 0;

CREATE TRIGGER runs_move_command AFTER UPDATE OF command ON runs WHEN length(NEW.command) > 500 BEGIN
  INSERT OR REPLACE INTO texts VALUES (NEW.run_id, 'command', NEW.command);
  UPDATE runs SET command = '' WHERE seq = NEW.seq;
  END;

CREATE TRIGGER runs_move_notice_text AFTER UPDATE OF notice_text ON runs WHEN length(NEW.notice_text) > 500 BEGIN
  INSERT OR REPLACE INTO texts VALUES (NEW.run_id, 'notice_text', NEW.notice_text);
  UPDATE runs SET notice_text = '' WHERE seq = NEW.seq;
  END;

CREATE TRIGGER runs_move_prompt AFTER INSERT ON runs WHEN length(NEW.prompt) > 500 BEGIN
  INSERT OR REPLACE INTO texts VALUES (NEW.run_id, 'prompt', NEW.prompt);
  UPDATE runs SET prompt = '' WHERE seq = NEW.seq;
  END;

CREATE TRIGGER runs_move_reply AFTER UPDATE OF reply ON runs WHEN length(NEW.reply) > 500 BEGIN
  INSERT OR REPLACE INTO texts VALUES (NEW.run_id, 'reply', NEW.reply);
  UPDATE runs SET reply = '' WHERE seq = NEW.seq;
  END;

CREATE INDEX runs_of_trigger ON runs (trigger);

CREATE TRIGGER runs_take_keys AFTER INSERT ON runs BEGIN
  UPDATE answers SET run_id = NEW.run_id WHERE request_id = NEW.request_id AND status IS NULL;
  END;

CREATE TRIGGER runs_take_texts AFTER DELETE ON runs BEGIN DELETE FROM texts WHERE run_id = OLD.run_id; END;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE texts (run_id TEXT, name TEXT, text TEXT NOT NULL, PRIMARY KEY (run_id, name)) STRICT;
