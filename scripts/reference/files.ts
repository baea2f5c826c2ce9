import { readFileSync } from 'node:fs'
import path from 'node:path'
import { commandLine } from './command-line.ts'
import { configSchema } from './config-schema.ts'
import { errorsTable } from './errors.ts'
import { recordSchema } from './record.ts'
import { askService } from './service.ts'
import { envExample, settingsTables } from './settings.ts'

/** In documents, what is put together stands between these. */
const BEGIN = '<!-- put together by npm run reference -->\n\n'
const END = '\n\n<!-- end -->'

/**
 * What outsiders rely on, as text, by its path in the project: the API, the command line, the metrics, the record, the
 * settings with those of the config file, and the errors.
 * @param project where the documents are read; @param dir an empty directory to work in
 */
export async function referenceFiles(project: string, dir: string): Promise<ReadonlyMap<string, string>> {
  const { openapi, metrics } = await askService(dir)
  const document = (file: string, text: string) => [file, inDocument(path.join(project, file), text)] as const
  return new Map([
    ['docs/reference/openapi.json', openapi],
    ['docs/reference/metrics.txt', metrics],
    ['docs/reference/cli.txt', commandLine()],
    ['docs/reference/record.sql', recordSchema(path.join(dir, 'reference.db'))],
    ['docs/reference/config.schema.json', configSchema()],
    ['.env.example', envExample()],
    document('docs/settings.md', settingsTables()),
    document('docs/errors.md', errorsTable()),
  ])
}

function inDocument(file: string, text: string): string {
  const [before, rest] = readFileSync(file, 'utf8').split(BEGIN)
  return [before, BEGIN, text, END, String(rest).split(END)[1]].join('')
}
