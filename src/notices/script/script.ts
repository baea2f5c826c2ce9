import { shellQuote } from '../../base/shell-quote.ts'
import type { Notify, SenderDeps } from '../notice.ts'

const TIMEOUT_MS = 30_000
/** What was written before the end is surely read by then. */
const LAST_OUTPUT_MS = 100
const TRIMMED_CHARACTERS = 2000

/**
 * Notices through a helper script, run with Node, the message as its one argument; its output is the receipt. It is
 * stopped after `timeoutMs`, or as soon as the signal aborts.
 */
export function scriptNotices(
  script: string,
  { env, logger, redact }: Omit<SenderDeps, 'skipped'>,
  timeoutMs = TIMEOUT_MS,
): Notify {
  return async (message, signal) => {
    logger.info({ command: shellQuote([process.execPath, script, message]) }, 'cmd.start')
    // Only now: it is slow to load, and most requests name no script.
    const { execa } = await import('execa')
    const running = execa(process.execPath, [script, message], {
      env,
      extendEnv: false,
      stdin: 'ignore',
      all: true,
      timeout: timeoutMs,
      cancelSignal: signal,
      reject: false,
    })
    // A background process of the script may hold its output open; the script's own end is what counts.
    running.nodeChildProcess.once('exit', () => {
      setTimeout(() => running.all.destroy(), LAST_OUTPUT_MS).unref()
    })
    const ended = await running
    const { failed, exitCode, signal: killedBy, timedOut, originalMessage } = ended
    // Before it is cut: half of a secret would be known to nobody as one.
    const output = redact(ended.all.trim()).slice(-TRIMMED_CHARACTERS)
    const facts = { return_code: exitCode ?? null, output }
    if (!failed) {
      logger.info(facts, 'cmd.done')
      return { output, messageId: null }
    }
    logger.error(facts, 'cmd.fail')
    if (timedOut) throw new Error(`${script} did not end within ${timeoutMs / 1000} s`)
    if (exitCode !== undefined) throw new Error(`${script} ended with ${exitCode}: ${output}`)
    throw new Error(
      killedBy ? `${script} was killed by ${killedBy}` : `${script} could not be run: ${originalMessage}`,
    )
  }
}
