import { execa } from 'execa'
import type { Logger } from 'pino'
import { shellQuote } from '../runs/shell-quote.ts'
import type { Notify } from './notice.ts'

const TIMEOUT_MS = 30_000
const TRIMMED_CHARACTERS = 2000

/** Notices through a helper script, run with Node, the message as its one argument; its output is the receipt. */
export function scriptNotices(script: string, env: NodeJS.ProcessEnv, logger: Logger): Notify {
  return async (message, signal) => {
    const argv = [process.execPath, script, message]
    logger.info({ command: shellQuote(argv) }, 'cmd.start')
    const [file = '', ...args] = argv
    const { failed, exitCode, all, timedOut, shortMessage } = await execa(file, args, {
      env,
      extendEnv: false,
      stdin: 'ignore',
      all: true,
      timeout: TIMEOUT_MS,
      cancelSignal: signal,
      reject: false,
    })
    const output = all.trim().slice(-TRIMMED_CHARACTERS)
    const facts = { return_code: exitCode ?? null, output }
    if (!failed) {
      logger.info(facts, 'cmd.done')
      return { output }
    }
    logger.error(facts, 'cmd.fail')
    if (timedOut) throw new Error(`${script} did not end within ${TIMEOUT_MS / 1000} s`)
    throw new Error(exitCode === undefined ? shortMessage : `${script} ended with ${exitCode}: ${output}`)
  }
}
