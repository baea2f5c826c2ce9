import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import { Value } from 'typebox/value'
import { messageOf } from '../../src/base/errors.ts'
import type { LoopDefinition } from '../../src/triggers/loop/loop.ts'
import { OneLoop, RoundList } from '../../src/triggers/loop/schemas.ts'
import { killService, setUpFault } from './fault-service.ts'
import { textOf, until } from './service.ts'

const NO_WAIT = { interval_seconds: 0 }
/** What stands before it in the prompt is comments to the shell that plays the agent. */
export const SCRIPT = 'exec /bin/sh ./agent.sh'
/** Says something as the agent does, comments to the shell of the next round, and how many tokens it took. */
const SAY =
  'say() { printf "OpenAI Codex v0.169.0\\nuser\\n\\ncodex\\n# %s\\ntokens used\\n7\\n# %s\\n" "$1" "$1"; }; '

/** Notes its run, and says how many there were. */
export const COUNTING = 'echo "$LOOPER_RUN_ID" >>runs; say "said $(wc -l <runs)"'

/** A service whose agent is a script in the workspace, and loops of it. */
export async function setUpLoops(t: Test, script: string, settings: NodeJS.ProcessEnv = {}) {
  const fault = await setUpFault(t, settings)
  const { workspace } = fault
  writeFileSync(path.join(workspace, 'agent.sh'), SAY + script)
  let { service } = fault
  const ask = async (at: string, body?: object) => {
    const answer = await fetch(`${service.url}/loops${at}`, {
      ...(body && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    return { status: answer.status, body: JSON.parse(await answer.text()) }
  }
  const loopIn = ({ body }: { readonly body: unknown }) => Value.Parse(OneLoop, body).loop
  const look = async (name: string) => loopIn(await ask(`/${name}`))
  const act = async (name: string, what: string, body: object = {}) => {
    const answer = await ask(`/${name}/${what}`, body)
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body))
    return loopIn(answer)
  }
  return {
    ...fault,
    ask,
    look,
    act,
    file: (name: string) => path.join(workspace, name),
    lines: (name: string) => textOf(path.join(workspace, name)).split('\n').slice(0, -1),
    define: async (name: string, more: Partial<LoopDefinition> = {}) =>
      loopIn(await ask(`/${name}`, { user: SCRIPT, workspace, ...NO_WAIT, ...more })),
    rounds: async (name: string, query = '') =>
      Value.Parse(RoundList, (await ask(`/${name}/rounds${query}`)).body),
    async untilIs(name: string, state: string) {
      let seen: unknown
      const is = async () => {
        seen = await look(name)
        return (await look(name)).state === state
      }
      await until(`loop ${name} is ${state}`, is).catch((error: unknown) => {
        throw new Error(`${messageOf(error)}: ${JSON.stringify(seen)}`)
      })
    },
    /** Kills the service, and starts its next life. */
    async kill() {
      if (service.child.signalCode === null) await killService(service)
      service = await fault.restart()
    },
    async stop() {
      await service.stop()
      service = await fault.restart()
    },
    service: () => service,
  }
}

/** The numbers of rounds. */
export const iterations = ({ rounds }: RoundList) => rounds.map(({ iteration }) => iteration)
