import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { Value } from 'typebox/value'
import { RunnerModels } from '../../../../src/triggers/loop/runner-api/models.ts'
import { SCRIPT } from '../../../helpers/loop-service.ts'
import { setUpRunner } from '../../../helpers/runner-api.ts'
import { textOf, until } from '../../../helpers/service.ts'

/** A service with an opencode that is this script; it notes each time that it is asked. */
async function withOpencode(t: Test, script: string, settings: NodeJS.ProcessEnv = {}) {
  const LOOPER_OPENCODE_BINARY = path.join(t.testdirName, 'workspace/opencode')
  const set = await setUpRunner(t, 'say hello', { LOOPER_OPENCODE_BINARY, ...settings })
  writeFileSync(LOOPER_OPENCODE_BINARY, `#!/bin/sh\necho "$*" >>'${set.dir}/asked'\n${script}\n`)
  chmodSync(LOOPER_OPENCODE_BINARY, 0o755)
  return {
    ...set,
    models: async () => Value.Parse(RunnerModels, (await set.api('models')).body),
    asked: () =>
      textOf(path.join(set.dir, 'asked'))
        .split('\n')
        .filter((line) => line === 'models').length,
  }
}

const LIST =
  '[ "$*" = models ] && printf "some noise\\nopencode/big-pickle\\nanthropic/claude-sonnet-4\\nopenrouter/anthropic/claude-opus-4.1\\n"'

t.test(
  'connected providers come first, ids are whole, and pages that ask at once cost one listing',
  async (t) => {
    const { models, asked } = await withOpencode(t, LIST)
    const [told] = await Promise.all([models(), models(), models()])
    t.same(told, [
      { providerID: 'anthropic', modelID: 'claude-sonnet-4', name: 'claude-sonnet-4' },
      { providerID: 'openrouter', modelID: 'anthropic/claude-opus-4.1', name: 'anthropic/claude-opus-4.1' },
      { providerID: 'opencode', modelID: 'big-pickle', name: 'big-pickle' },
    ])
    t.same(await models(), told)
    t.equal(asked(), 1)
  },
)

t.test('an agent that asks for a login comes last', async (t) => {
  const codex = path.join(t.testdirName, 'workspace/codex')
  const { models } = await withOpencode(t, LIST, { CODEX_EXEC_BINARY: codex })
  const list = '{"models":[{"slug":"gpt-5","visibility":"list"}]}'
  const script = `#!/bin/sh\n[ "$1" = debug ] && echo '${list}'; [ "$1" != login ] || { echo Not logged in; exit 1; }\n`
  writeFileSync(codex, script)
  chmodSync(codex, 0o755)
  t.match((await models()).at(-1), { providerID: 'codex', modelID: 'gpt-5' })
  t.equal((await models()).length, 4)
})

t.test('where there is opencode it is the agent, and its models are chosen by their providers', async (t) => {
  const { models, state, post, ask, config } = await withOpencode(t, LIST)
  const first = { providerID: 'anthropic', modelID: 'claude-sonnet-4-20250514' }
  t.same((await state()).config.model, first)
  const look = async () => (await ask('/default')).body.loop.definition
  await post('config', { user: 'x' })
  t.match(await look(), { agent: 'opencode', model: 'anthropic/claude-sonnet-4-20250514' })
  for (const { providerID, modelID } of await models()) {
    const model = { providerID, modelID }
    t.same((await post('config', { model })).body.config.model, model)
    t.match(await look(), { agent: 'opencode', model: `${providerID}/${modelID}` })
  }
  t.same((await post('config', { model: { providerID: '' } })).body.config.model.modelID, 'big-pickle')
  const codex = { providerID: 'codex', modelID: 'gpt-5/high' }
  t.same((await post('config', { model: codex })).body.config.model, codex)
  t.match(await look(), { agent: 'codex', model: 'gpt-5/high' })
  const own = { providerID: 'opencode', modelID: '' }
  t.same((await post('config', { model: own })).body.config.model, own)
  t.match(await look(), { agent: 'opencode', model: null })
  for (const wrong of [
    { providerID: 'anthropic' },
    { modelID: 'x' },
    { providerID: 'a', modelID: 'b'.repeat(200) },
  ])
    t.match(await post('config', { model: wrong }), { status: 400, body: { error: /'model' must name/ } })
  t.same((await state()).config.model, own)
  await config({ model: { providerID: 'codex', modelID: '' }, user: SCRIPT, maxIterations: 1 })
})

t.test('what cannot be listed is none, and nothing of the listing is left', async (t) => {
  const { models } = await withOpencode(t, `[ "$*" = models ] || exit 0; ${LIST}; exit 1`)
  t.same(await models(), [])
})

t.test('nothing is left of a listing that hangs', async (t) => {
  const hang = `[ "$*" = models ] || exit 0; echo $$ >>pids; sleep 300 & echo $! >>pids; sleep 300`
  const { models, dir } = await withOpencode(t, hang.replaceAll('pids', `${t.testdirName}/pids`))
  t.same(await models(), [])
  const pids = textOf(path.join(dir, 'pids')).trim().split('\n')
  t.equal(pids.length, 2)
  await until('they are gone', () => !pids.some((pid) => existsSync(`/proc/${pid}`)))
})

t.test('the owner may have chosen a model', async (t) => {
  const { state, post, ask } = await withOpencode(t, LIST, { LOOPER_OPENCODE_MODEL: 'mine/big' })
  t.same((await state()).config.model, { providerID: 'mine', modelID: 'big' })
  await post('config', { ...(await state()).config })
  t.match((await ask('/default')).body.loop.definition, { agent: 'opencode', model: null })
})
