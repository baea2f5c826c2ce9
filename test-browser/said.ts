import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'

const SESSION = '00000000-0000-7000-8000-000000000001'
/** What begins a run. */
export const BEGIN = [{ type: 'thread.started', thread_id: SESSION }, { type: 'turn.started' }]

/** Something that an agent says. */
export const text = (words: string) => ({
  type: 'item.completed',
  item: { type: 'agent_message', text: words },
})

/** A tool call that begins. */
export const call = (id: string, command: string) => ({
  type: 'item.started',
  item: { id, type: 'command_execution', command, aggregated_output: '', status: 'in_progress' },
})

/** A tool call that has ended. */
export const result = (id: string, command: string, output: string, isDone = true) => ({
  type: 'item.completed',
  item: {
    id,
    type: 'command_execution',
    command,
    aggregated_output: output,
    exit_code: isDone ? 0 : 1,
    status: isDone ? 'completed' : 'failed',
  },
})

/** What ends a turn. */
export const END = {
  type: 'turn.completed',
  usage: { input_tokens: 24_680, cached_input_tokens: 20_000, output_tokens: 1120 },
}

/** A prompt for the agent of the tests that has it say these events, and those of the file as they are written there. */
export function saying(workspace: string, name: string, events: readonly object[]): string {
  const file = path.join(workspace, name)
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  return `cat ${file}`
}

/** The entries that are drawn. */
export const entries = (page: Page) => page.locator('.entries > *')
/** The button that shows the transcript. */
export const toTranscript = (page: Page) => page.getByRole('button', { name: 'Transcript', exact: true })
/** The button that shows the log. */
export const toLog = (page: Page) => page.getByRole('button', { name: 'Log', exact: true })
