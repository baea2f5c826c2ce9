import type { BothMemories, VersionList } from '../../triggers/loop/memory-schemas.ts'
import type { Context } from '../context.ts'
import { EXIT, wrongUse } from '../failure.ts'
import { moment } from '../human.ts'
import { type Cell, type Column, table } from '../table.ts'
import { readWord } from '../text-source.ts'

const NAMES = ['persistent', 'working'] as const
const LATEST = 20
const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'WHEN' },
  { title: 'BY' },
  { title: 'BYTES', dropRank: 1 },
  { title: 'BEGINS', min: 16, cut: 'end', mayBeEmpty: true },
]

/** `looper loop memory NAME`: shows the memories of a loop, writes one, or tells what it was. */
export async function memory(context: Context, loop: string, word: string | undefined): Promise<number> {
  const { client, options, world } = context
  const which = NAMES.find((name) => name === word)
  const { set, versions, restore } = options
  if (word !== undefined && which === undefined)
    throw wrongUse(`no memory is called "${word}"`, `Its memories are: ${NAMES.join(', ')}.`)
  if ([set, versions, restore].filter((one) => one !== undefined).length > 1)
    throw wrongUse('more than one of --set, --versions and --restore', 'Use only one of them.')
  if (which === undefined && (set !== undefined || versions))
    throw wrongUse('which memory?', `looper loop memory ${loop} ${NAMES.join('|')}`)
  const at = `/loops/${loop}/memory`
  if (versions) return list(context, `${at}/versions?memory=${which}&limit=${LATEST}`)
  if (restore !== undefined)
    return changed(
      context,
      await client.post<BothMemories>(`${at}/restore`, { version_id: Number(restore) }, ['memory']),
    )
  if (which !== undefined && set !== undefined) {
    const text = await readWord('memory', set, world)
    return changed(context, await client.post<BothMemories>(at, { [which]: text }, ['memory']))
  }
  return show(context, await client.get<BothMemories>(at, ['memory']), which)
}

/** One alone is printed as it is, for whoever passes it on; of both, no line is mistaken for one of Looper's own. */
async function show(
  { screen, options }: Context,
  answer: BothMemories,
  which: (typeof NAMES)[number] | undefined,
): Promise<number> {
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  for (const name of which === undefined ? NAMES : [which]) {
    const { text, bytes, warning } = answer.memory[name]
    if (which === undefined) screen.say(screen.paint('bold', `${name}, ${bytes} bytes`))
    const indent = which === undefined ? '  ' : ''
    for (const line of text === '' ? [] : text.replace(/\n$/, '').split('\n')) screen.say(indent + line)
    if (warning !== null) screen.tell(`looper: the ${name} memory: ${warning}`)
  }
  return EXIT.ok
}

async function changed({ screen, options }: Context, answer: BothMemories): Promise<number> {
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const { persistent, working } = answer.memory
  screen.say(`The persistent memory has ${persistent.bytes} bytes, the working one ${working.bytes}`)
  for (const { warning } of [persistent, working]) if (warning !== null) screen.tell(`looper: ${warning}`)
  return EXIT.ok
}

async function list({ client, screen, options }: Context, at: string): Promise<number> {
  const answer = await client.get<VersionList>(at, ['versions'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const rows = answer.versions.map((version): Cell[] => [
    { text: String(version.version_id) },
    { text: moment(version.at) },
    { text: version.by },
    { text: String(Buffer.byteLength(version.text)) },
    { text: version.text.trim().split('\n', 1).join() },
  ])
  if (rows.length === 0) screen.tell('looper: nobody has written it yet')
  else for (const line of table(COLUMNS, rows, screen.width)) screen.say(line)
  return EXIT.ok
}
