import { filePath, setting } from '../../settings/form.ts'
import { part } from '../../settings/part.ts'

const forms = {
  CODEX_EXEC_BINARY: setting(
    filePath('a path, or the name of a program on PATH'),
    'a build in `./codex`, else `codex` on `PATH`',
    'the codex program: a path, or a name on `PATH`',
    'codex',
  ),
}

/** The settings of codex: its program, a path or a name; null: it is looked for. */
export const codexSettings = part('Agents', forms, (values) => values.CODEX_EXEC_BINARY ?? null)
