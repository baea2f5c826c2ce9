PRAGMA user_version = 24;

CREATE TABLE answers (
  key TEXT PRIMARY KEY,
  request_hash TEXT NOT NULL,
  claimed_at INTEGER NOT NULL,
  status INTEGER,
  body TEXT
  , request_id TEXT, run_id TEXT) STRICT;

CREATE TABLE asks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    question TEXT NOT NULL,
    choices TEXT NOT NULL,
    default_answer TEXT,
    deadline_at INTEGER,
    reference TEXT,
    digest TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    answer TEXT,
    answered_by TEXT,
    settled_at INTEGER
  , is_parking INTEGER, told_state TEXT, is_heard INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX asks_by_state ON asks (state, seq);

CREATE TABLE asks_messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  ask_id TEXT NOT NULL UNIQUE,
  digest TEXT NOT NULL,
  message_id INTEGER,
  is_offered INTEGER NOT NULL DEFAULT 0,
  is_finished INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX asks_messages_by_number ON asks_messages (message_id) WHERE message_id IS NOT NULL;

CREATE INDEX asks_messages_unfinished ON asks_messages (seq) WHERE is_finished = 0;

CREATE INDEX asks_parking ON asks (seq) WHERE is_parking = 1;

CREATE TRIGGER asks_take_messages AFTER DELETE ON asks BEGIN
  DELETE FROM asks_messages WHERE ask_id = OLD.id;
  END;

CREATE INDEX asks_unheard ON asks (run_id, digest) WHERE is_heard = 0;

CREATE INDEX asks_untold ON asks (seq) WHERE told_state IS NOT state;

CREATE TABLE claims (
    fence INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT;

CREATE TABLE flags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    cleared_at INTEGER,
    cleared_by TEXT
  , is_told INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX flags_by_run ON flags (run_id);

CREATE INDEX flags_open ON flags (id) WHERE cleared_at IS NULL;

CREATE INDEX flags_untold ON flags (id) WHERE is_told = 0;

CREATE TABLE heard (
    account TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX heard_by_time ON heard (at);

CREATE TABLE holds (
  agent TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  until INTEGER,
  try_at INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  probe TEXT,
  run_id TEXT NOT NULL,
  is_told INTEGER NOT NULL
) STRICT;

CREATE TABLE left_sessions (
  agent TEXT NOT NULL,
  session_id TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  PRIMARY KEY (agent, session_id)
) STRICT;

CREATE TABLE loop_memories (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  loop TEXT NOT NULL,
  memory TEXT NOT NULL,
  text TEXT NOT NULL,
  author TEXT NOT NULL,
  round INTEGER,
  at INTEGER NOT NULL
) STRICT;

CREATE INDEX loop_memories_of ON loop_memories (loop, memory, id);

CREATE TABLE loop_rounds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    loop TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    round TEXT NOT NULL
) STRICT;

CREATE INDEX loop_rounds_of ON loop_rounds (loop, id);

CREATE UNIQUE INDEX loop_rounds_open ON loop_rounds (loop) WHERE is_open = 1;

CREATE TABLE loops (
    name TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    progress TEXT NOT NULL
) STRICT;

CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  run_id TEXT NOT NULL,
  conversation TEXT NOT NULL,
  edits INTEGER,
  content TEXT NOT NULL,
  instead TEXT,
  is_urgent INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  attempts INTEGER NOT NULL DEFAULT 0,
  attempted_at INTEGER,
  next_at INTEGER NOT NULL DEFAULT 0,
  done_at INTEGER,
  sent_id INTEGER,
  why TEXT
  , is_direct INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX outbox_by_sent_id ON outbox (sent_id) WHERE sent_id IS NOT NULL;

CREATE INDEX outbox_by_state ON outbox (state);

CREATE TABLE outbox_calls (conversation TEXT NOT NULL, at INTEGER NOT NULL) STRICT;

CREATE INDEX outbox_calls_by_time ON outbox_calls (conversation, at);

CREATE INDEX outbox_pending ON outbox (conversation, id) WHERE state = 'pending';

CREATE TABLE owners (owner TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;

CREATE TABLE push_devices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint TEXT NOT NULL UNIQUE,
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    wants TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER push_devices_take_messages AFTER DELETE ON push_devices BEGIN
    DELETE FROM push_messages WHERE device_id = OLD.id;
  END;

CREATE TABLE push_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    private_key TEXT NOT NULL,
    public_key TEXT NOT NULL
) STRICT;

CREATE TABLE push_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    want TEXT NOT NULL,
    tag TEXT NOT NULL,
    payload TEXT NOT NULL,
    is_urgent INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL DEFAULT 0,
    done_at INTEGER,
    why TEXT,
    UNIQUE (device_id, key)
) STRICT;

CREATE INDEX push_messages_by_key ON push_messages (key);

CREATE INDEX push_messages_pending ON push_messages (device_id, is_urgent, id) WHERE state = 'pending';

CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    title TEXT NOT NULL,
    version INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (run_id, title)
) STRICT;

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
  , caller TEXT, notice_id INTEGER, notice_text TEXT, name TEXT, remedy TEXT, model TEXT, session_id TEXT, reply TEXT, usage_input INTEGER, usage_cached INTEGER, usage_output INTEGER, usage_total INTEGER, cost_usd REAL, turns INTEGER, error_kind TEXT, slot TEXT NOT NULL DEFAULT 'default', shares_workspace INTEGER NOT NULL DEFAULT 0, queue_place INTEGER, if_running TEXT, asked TEXT, verify TEXT, verify_is_owners INTEGER, verify_timeout_ms INTEGER, verdict TEXT, verdict_cause TEXT, verify_return_code INTEGER, max_tokens INTEGER NOT NULL DEFAULT 0, max_cost_usd REAL NOT NULL DEFAULT 0, work_tree TEXT, changes TEXT, on_quota TEXT, interrupted INTEGER, continued_by TEXT, silent_since INTEGER, near_at INTEGER, worktree TEXT, token_sha256 TEXT) STRICT;

CREATE INDEX runs_by_outcome ON runs (outcome);

CREATE INDEX runs_by_request_time ON runs (requested_at);

CREATE INDEX runs_by_session ON runs (session_id) WHERE session_id IS NOT NULL;

CREATE INDEX runs_by_slot ON runs (slot);

CREATE INDEX runs_by_trigger ON runs (trigger, launched_at);

CREATE INDEX runs_by_workspace ON runs (workspace);

CREATE INDEX runs_failed ON runs (outcome) WHERE outcome = 'exited' AND return_code IS NOT 0;

CREATE TRIGGER runs_hand_on_scheduled AFTER UPDATE OF continued_by ON runs WHEN NEW.continued_by IS NOT NULL BEGIN
    INSERT OR IGNORE INTO scheduled (run_id, by_run, slot, name, depth, created_at, due_at, fired_at)
    SELECT NEW.continued_by, by_run, slot, name, depth, created_at, due_at, fired_at FROM scheduled
    WHERE run_id = NEW.run_id AND fired_at IS NOT NULL;
  END;

CREATE INDEX runs_interrupted ON runs (seq) WHERE interrupted = 1 AND continued_by IS NULL AND outcome IS NOT NULL;

CREATE TRIGGER runs_leave_sessions AFTER DELETE ON runs WHEN OLD.session_id IS NOT NULL BEGIN
  INSERT INTO left_sessions VALUES (OLD.agent, OLD.session_id, OLD.requested_at, coalesce(OLD.ended_at, OLD.requested_at))
    ON CONFLICT DO UPDATE SET began_at = min(began_at, excluded.began_at), ended_at = max(ended_at, excluded.ended_at);
  DELETE FROM left_sessions WHERE rowid <= (SELECT max(rowid) FROM left_sessions) - 10000;
  END;

CREATE TRIGGER runs_move_asked AFTER INSERT ON runs WHEN length(NEW.asked) > 500 BEGIN
  INSERT OR REPLACE INTO texts VALUES (NEW.run_id, 'asked', NEW.asked);
  UPDATE runs SET asked = '' WHERE seq = NEW.seq;
  END;

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

CREATE TRIGGER runs_take_reports AFTER DELETE ON runs BEGIN
    DELETE FROM reports WHERE run_id = OLD.run_id;
    DELETE FROM flags WHERE run_id = OLD.run_id;
  END;

CREATE TRIGGER runs_take_scheduled AFTER DELETE ON runs BEGIN
    DELETE FROM scheduled WHERE run_id = OLD.run_id;
  END;

CREATE TRIGGER runs_take_texts AFTER DELETE ON runs BEGIN DELETE FROM texts WHERE run_id = OLD.run_id; END;

CREATE INDEX runs_waiting ON runs (slot, queue_place) WHERE queue_place IS NOT NULL AND launched_at IS NULL AND outcome IS NULL;

CREATE TABLE scheduled (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL UNIQUE,
    by_run TEXT NOT NULL,
    slot TEXT NOT NULL,
    name TEXT NOT NULL,
    depth INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    fired_at INTEGER,
    intent TEXT,
    body TEXT
) STRICT;

CREATE INDEX scheduled_waiting ON scheduled (due_at) WHERE fired_at IS NULL;

CREATE TABLE spending (
  day TEXT NOT NULL,
  run_id TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  PRIMARY KEY (day, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE texts (run_id TEXT, name TEXT, text TEXT NOT NULL, PRIMARY KEY (run_id, name)) STRICT;
