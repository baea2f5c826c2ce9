import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import type { RunDetails } from '../../src/runs/run-schemas.ts'
import { setUpFault } from './fault-service.ts'
import { type TestService, until } from './service.ts'

/** A program that is an agent: its prompt is shell code. */
const PROGRAM = '#!/bin/sh\neval "$(cat)"\n'

/** Shell code that uses so many tokens, and costs so many dollars where it tells that. */
export const spend = (tokens: number | string, costUsd?: number | string): string => {
  const cost = costUsd === undefined ? '' : `,"cost_usd":${costUsd}`
  return `echo '{"kind":"usage","of":"step","input":${tokens},"cached":7,"output":0${cost}}'`
}

/** The same again and again, noting each step in a file; a step takes a second, as a model does, and far longer than a look. */
export const spendOn = (step: string): string =>
  `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do ${step}; echo $i >>"steps"; sleep 1; done`

/** A service whose agent "spender" tells what it uses, "teller" only its tokens, and "mute" nothing; codex is there, too. */
export async function setUpSpender(test: Test, settings: NodeJS.ProcessEnv = {}) {
  const dir = test.testdirName
  const argv = [`${dir}/bin/agent`]
  const patterns = { usage: 'tokens: (?<input>\\d{1,30})' }
  const agents = { spender: { argv, output: 'events' }, teller: { argv, patterns }, mute: { argv } }
  const built = await setUpFault(
    test,
    { LOOPER_CONFIG: `${dir}/config.json`, LOOPER_AGENT: 'spender', LOOPER_MAX_RUNS: '8', ...settings },
    { 'config.json': JSON.stringify({ agents }) },
  )
  mkdirSync(path.join(dir, 'bin'))
  writeFileSync(argv[0] ?? '', PROGRAM)
  chmodSync(argv[0] ?? '', 0o755)
  const recordOf = async (runId: string, { url }: TestService = built.service): Promise<RunDetails> =>
    JSON.parse(await (await fetch(`${url}/runs/${runId}`)).text())
  const ended = async (runId: string, service?: TestService) => {
    await until('it ended', async () => (await recordOf(runId, service)).outcome !== null)
    return recordOf(runId, service)
  }
  return { ...built, recordOf, ended }
}
