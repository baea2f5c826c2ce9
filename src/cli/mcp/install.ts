import { existsSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../../base/errors.ts'
import { saysYes } from '../consent.ts'
import type { LocalContext } from '../context.ts'
import { EXIT, Failure, wrongUse } from '../failure.ts'
import { nearest } from '../nearest.ts'
import { findService } from '../service-address.ts'
import { changedLines } from './changed-lines.ts'
import type { McpClient, ServerCommand } from './clients/client.ts'
import { MCP_CLIENTS } from './clients/clients.ts'
import { readProjectFile, writeProjectFile } from './project-file.ts'

/**
 * `looper mcp install CLIENT`: names `looper mcp` in the file of the project where that program looks for MCP servers, when
 * somebody has seen what changes and agreed. No token goes into the file: the command finds it as every other does.
 */
export async function install(context: LocalContext): Promise<number> {
  const { world, screen, words } = context
  const client = clientOf(words[1])
  const root = nearest(world.cwd, (dir) => existsSync(path.join(dir, '.git'))) ?? world.cwd
  const isThere = (file: string) => existsSync(path.join(root, file))
  const file = path.join(root, client.files.find(isThere) ?? client.files[0])
  const { before, after } = trying(file, () => {
    const before = readProjectFile(file)
    return { before, after: client.add(before, serverOf(context)) }
  })
  if (after === before) {
    screen.say(`${file} names it already; nothing is changed.`)
    return EXIT.ok
  }
  screen.say(screen.paint('bold', `${file}:`))
  for (const line of changedLines(before, after))
    screen.say(line.startsWith('  ') ? line : screen.paint(line.startsWith('-') ? 'red' : 'green', line))
  if (!(await mayWrite(context))) return EXIT.failed
  trying(file, () => writeProjectFile(file, before, after))
  screen.say(`Written. ${client.afterwards}`)
  return EXIT.ok
}

function clientOf(name: string | undefined): McpClient {
  const found = MCP_CLIENTS.find((client) => client.name === name)
  if (found) return found
  const names = MCP_CLIENTS.map((client) => client.name).join(', ')
  throw wrongUse('usage: looper mcp install CLIENT', `CLIENT is one of: ${names}.`)
}

/** In a checkout there is no `looper` on the PATH. An address that was named stands in the file; others are found anew. */
function serverOf({ world, options }: LocalContext): ServerCommand {
  const { env, dotEnv, isCheckout, execPath, packageDir } = world
  const args = [
    'mcp',
    ...(options.url === undefined ? [] : ['--url', findService(options.url, env, dotEnv).url]),
  ]
  if (!isCheckout) return { command: 'looper', args }
  return { command: execPath, args: [path.join(packageDir, 'bin/looper.js'), ...args] }
}

async function mayWrite(context: LocalContext): Promise<boolean> {
  const { world, screen, options } = context
  if (options.yes) return true
  if (!screen.isTerminal || world.stdin.isTTY !== true)
    throw wrongUse('cannot ask without a terminal, so nothing was written', 'Add --yes to write it.')
  return saysYes(context, 'Write it?')
}

function trying<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Failure) throw error
    const what = messageOf(error)
    throw new Failure(EXIT.failed, what.includes(file) ? what : `${file}: ${what}`, 'Nothing was changed.')
  }
}
