import { existsSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../base/errors.ts'
import { makeDirectory } from '../base/files.ts'
import type { LocalContext } from './context.ts'
import { EXIT, Failure } from './failure.ts'
import { checkNode } from './node-check.ts'

const TOO_OLD =
  'Install Node 24.2 or newer, or start the service in a checkout: there "npm start" uses the one that "npm ci" installed.'

/**
 * `looper serve`: becomes the service, with the `.env` and the files of its own place. This process is replaced, so that a
 * supervisor and a terminal talk to the service itself.
 * @throws {Failure} where that cannot be
 */
export function serve({ world, screen }: LocalContext): never {
  const { packageDir, projectDir, isCheckout, execPath, env, replaceProcess } = world
  const { state } = checkNode(world.nodeVersion)
  if (state === 'broken' || !replaceProcess)
    throw new Failure(EXIT.config, `Node ${world.nodeVersion} is too old for the service`, TOO_OLD)
  try {
    // It holds the tokens of .env, and what agents wrote.
    makeDirectory(projectDir, 0o700)
  } catch (error) {
    throw new Failure(
      EXIT.config,
      `cannot create ${projectDir}: ${messageOf(error)}`,
      'Set HOME to a directory that you can write to.',
    )
  }
  const envFile = path.join(projectDir, '.env')
  const hasFile = existsSync(envFile)
  screen.say(`Settings: the environment${hasFile ? `, then ${envFile}` : ` (there is no ${envFile})`}`)
  const start = path.join(packageDir, isCheckout ? 'src/start.js' : 'dist/start.js')
  // In a package nobody may write beside the code.
  const cache = isCheckout ? [] : [path.join(projectDir, 'cache')]
  const fromFile = hasFile ? [`--env-file=${envFile}`] : []
  return replaceProcess(execPath, [execPath, ...fromFile, start, ...cache], env)
}
