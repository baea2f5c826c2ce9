import type { Finding } from '../base/finding.ts'
import type { LocalContext } from './context.ts'
import { EXIT } from './failure.ts'
import { checkNode } from './node-check.ts'
import type { Style } from './screen.ts'

const MARKS: Readonly<Record<Finding['state'], { readonly mark: string; readonly style: Style }>> = {
  ok: { mark: '✓', style: 'green' },
  warning: { mark: '!', style: 'yellow' },
  broken: { mark: '✗', style: 'red' },
}

/** `looper doctor`: checks all that the service needs; resolves with 1 where something is broken. Changes nothing. */
export async function doctor(context: LocalContext): Promise<number> {
  const { screen, options } = context
  const findings: Finding[] = []
  for await (const finding of examine(context)) {
    findings.push(finding)
    if (!options.json) tell(context, finding)
  }
  const isWell = findings.every(({ state }) => state !== 'broken')
  if (options.json) await screen.json({ ok: isWell, checks: findings })
  return isWell ? EXIT.ok : EXIT.failed
}

function tell({ screen }: LocalContext, { check, state, text, remedy }: Finding): void {
  const { mark, style } = MARKS[state]
  screen.say(`${screen.paint(style, mark)} ${check.padEnd(10)} ${text}`)
  if (remedy !== null) screen.say(`${' '.repeat(13)}${screen.paint('dim', `→ ${remedy}`)}`)
}

async function* examine({ world }: LocalContext): AsyncGenerator<Finding> {
  const node = checkNode(world.nodeVersion)
  yield node
  if (node.state === 'broken') return
  // An older Node cannot even load the parts of the service.
  const { examineService } = await import('./examine.ts')
  yield* examineService(world)
}
