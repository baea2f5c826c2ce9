import { LooperError } from '../../base/errors.ts'
import type { Said } from '../../notices/ear.ts'
import type { Listener } from '../../notices/hearing.ts'
import type { Speech } from '../../notices/speech.ts'
import { type ObeyDeps, obey } from './obey.ts'

/** Does what is said to Looper, and answers each message once; what could not be written is heard again. */
export function chatListener(
  speech: Pick<Speech, 'isAnswered' | 'plain' | 'reply'>,
  deps: Omit<ObeyDeps, 'plain'>,
): Listener {
  async function answer(said: Said): Promise<void> {
    // It was done before, and the service ended.
    if (speech.isAnswered(said)) return
    try {
      const { text, runId } = await obey(said, { ...deps, plain: speech.plain })
      speech.reply(said, text, runId)
    } catch (error) {
      if (!(error instanceof LooperError) || error.code === 'LOOPER_LEDGER_UNWRITABLE') throw error
      speech.reply(said, `${error.message}\n${error.remedy}`, null)
    }
  }

  return {
    understand: (heard) => (heard.kind === 'said' && heard.isToUs ? () => answer(heard) : null),
  }
}
