import { NAME } from './names.ts'

/** The columns of runs whose texts may have megabytes, and what writes them. */
const WRITTEN_BY = { prompt: 'INSERT', command: 'UPDATE OF command', notice_text: 'UPDATE OF notice_text' }
/** The same of a column that came later. */
const REPLY = { reply: 'UPDATE OF reply' }
/** The same of one in which a system prompt may stand. */
const ASKED = { asked: 'INSERT' }

/** A page of SQLite has 4096 bytes, and a row of that many goes on in others. */
const SHORT_LENGTH = 500

/** A trigger that moves a text which was just written. */
const moving = ([name, event]: [string, string]) =>
  `CREATE TRIGGER IF NOT EXISTS runs_move_${name} AFTER ${event} ON runs WHEN length(NEW.${name}) > ${SHORT_LENGTH} BEGIN
    INSERT OR REPLACE INTO texts VALUES (NEW.run_id, '${name}', NEW.${name});
    UPDATE runs SET ${name} = '' WHERE seq = NEW.seq;
  END;`

/**
 * Keeps long texts of runs in a table of their own. SQLite reads a row from its beginning, page by page: a list of runs would
 * read all prompts only to pass over them. Texts from before this stay where they are.
 */
export const LONG_TEXTS_MIGRATION = `
  CREATE TABLE IF NOT EXISTS texts (run_id TEXT, name TEXT, text TEXT NOT NULL, PRIMARY KEY (run_id, name)) STRICT;
  ${Object.entries(WRITTEN_BY).map(moving).join('\n')}
  CREATE TRIGGER IF NOT EXISTS runs_take_texts AFTER DELETE ON runs BEGIN DELETE FROM texts WHERE run_id = OLD.run_id; END;`

/** Does the same with replies. */
export const REPLY_MIGRATION = Object.entries(REPLY).map(moving).join('\n')

/** Does the same with what was asked for. */
export const ASKED_MIGRATION = Object.entries(ASKED).map(moving).join('\n')

/** Everything about runs, with their texts from wherever they are. */
export const WHOLE_RUNS = `SELECT *, ${Object.keys({ ...WRITTEN_BY, ...REPLY, ...ASKED })
  .map(whole)
  .join(', ')}, ${NAME} FROM runs`

/** What was moved counts only as long as nothing shorter was written after it. */
function whole(name: string): string {
  const moved = `SELECT text FROM texts WHERE texts.run_id = runs.run_id AND texts.name = '${name}'`
  return `coalesce(nullif(${name}, ''), (${moved}), ${name}) AS ${name}`
}
