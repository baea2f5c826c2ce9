import { counted } from '../../base/counted.ts'
import type { RestoreAnswer } from '../../triggers/loop/restore-schemas.ts'
import { consents } from '../consent.ts'
import type { Context } from '../context.ts'
import { EXIT, wrongUse } from '../failure.ts'
import { spinning } from '../spinner.ts'

type Restoration = RestoreAnswer['restore']

const ROUND = /^[1-9][0-9]{0,8}$/
const CHECKPOINT = /^([0-9a-f]{40}|[0-9a-f]{64})$/
/** So many files are shown. */
const SHOWN = 20
const MARKS: Readonly<Record<Restoration['files'][number]['change'], string>> = {
  added: '+',
  changed: '~',
  removed: '-',
}

/** `looper loop restore NAME ROUND`: shows what would become of the files of a loop, asks, and brings them to what they were. */
export async function restore(context: Context, name: string, word: string | undefined): Promise<number> {
  const { client, screen, options } = context
  const point = pointOf(name, word)
  const ask = async (more: object) =>
    (await client.post<RestoreAnswer>(`/loops/${name}/restore`, { ...point, ...more }, ['restore'])).restore
  if (screen.isTerminal && !options.json && !(await mayRestore(context, await ask({ plan: true })))) {
    screen.tell('looper: nothing was restored')
    return EXIT.failed
  }
  const done = await spinning(context, `restoring the files of loop ${name}`, () => ask({}))
  if (options.json) await screen.json({ restore: done })
  else {
    screen.say(`Restored the files of loop ${name}: ${wordsOf(done)}`)
    screen.say(screen.paint('dim', `Undo it with: looper loop restore ${name} ${done.undo}`))
  }
  return EXIT.ok
}

function pointOf(name: string, word: string | undefined): object {
  if (word !== undefined && ROUND.test(word)) return { round: Number(word) }
  if (word !== undefined && CHECKPOINT.test(word)) return { checkpoint: word }
  throw wrongUse(
    word === undefined
      ? 'after which round?'
      : `"${word}" is neither the number of a round nor the id of a checkpoint`,
    `looper loop restore ${name} ROUND; "looper loop history ${name}" lists them.`,
  )
}

/** Asks where somebody can answer, and there is something to lose. */
async function mayRestore(context: Context, plan: Restoration): Promise<boolean> {
  const { screen } = context
  const { files, added, changed, removed } = plan
  const count = added + changed + removed
  if (count === 0) return true
  screen.say(screen.paint('bold', `This will become of the files: ${wordsOf(plan)}`))
  for (const { path, change } of files.slice(0, SHOWN)) screen.say(`  ${MARKS[change]} ${path}`)
  if (count > SHOWN) screen.say(`  and ${count - SHOWN} more`)
  return consents(context, 'Restore them?')
}

const wordsOf = ({ added, changed, removed }: Restoration): string =>
  added + changed + removed === 0
    ? 'none was different'
    : `${counted(added, 'file')} added, ${changed} changed, ${removed} removed`
