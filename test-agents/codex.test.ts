import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { codexAgent } from '../src/agents/codex/port.ts'
import { startLoopbackModel, writeCodexHome } from '../test/fixtures/loopback-model.ts'
import { findObstacles, writeCodexProgram, writeScratchRepository } from '../test/fixtures/real-codex.ts'
import { testReal } from './real-cases.ts'

testReal({
  version: '0.169.0',
  noLogin: null,
  unknownSession: '00000000-0000-7000-8000-000000000000',
  options: ['--config', '--model', '--sandbox', '--cd'],
  async start(t) {
    const model = await startLoopbackModel()
    t.teardown(() => model.close())
    const dir = t.testdir({ home: {}, repo: {} })
    writeScratchRepository(`${dir}/repo`)
    const home = await writeCodexHome(`${dir}/home`, model)
    const mode = findObstacles().toSandbox === null ? 'workspace-write' : 'danger-full-access'
    const real = {
      agent: codexAgent((argv) => argv.includes('exec')),
      binary: writeCodexProgram(`${dir}/bin`, mode),
      env: { PATH: process.env.PATH, HOME: `${dir}/home`, ...home },
      workspace: `${dir}/repo`,
      model: null,
    }
    return { real, asked: () => rollouts(home.CODEX_HOME) }
  },
})

/** The lines of all sessions, the last one last: what a model was asked stands in them. */
function rollouts(home: string): readonly string[] {
  const files = globSync('sessions/*/*/*/*.jsonl', { cwd: home }).map((file) => path.join(home, file))
  return files.map((file) => readFileSync(file, 'utf8'))
}
