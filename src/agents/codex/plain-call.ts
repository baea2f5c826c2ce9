import type { AgentEvent, AgentTool } from '../agent-events.ts'
import { MOST } from '../bounded.ts'
import { toolCall } from '../open-tools.ts'

/** How a command or a patch ended; what it printed, or changed, follows. */
const STATUS = /^ (?:(succeeded)|exited -?\d+) in [\d.a-z ]+:$|^patch: (?:(completed)|.*)$/
/** Behind a command, which may have many lines, stands where it runs. */
const PLACE = ' in /'

/** Reads the tool calls of a transcript, one at a time: codex names none of them. */
export interface PlainCall {
  begin(name: 'exec' | 'apply_patch'): void
  isOpen(): boolean
  /** Whether the lines are still those of a command, whatever they look like. */
  isInCommand(): boolean
  line(line: string): AgentEvent[]
  /** The call, where one has ended. */
  end(): AgentEvent[]
}

interface Call {
  readonly id: string
  readonly name: string
  readonly input: string[]
  readonly output: string[]
  state: AgentTool['state']
  isInCommand: boolean
}

export function plainCall(): PlainCall {
  let count = 0
  let units = 0
  let call: Call | null = null

  return {
    begin(name) {
      count++
      units = 0
      const isInCommand = name === 'exec'
      call = { id: `call_${count}`, name, input: [], output: [], state: 'started', isInCommand }
    },
    isOpen: () => call !== null,
    isInCommand: () => call?.isInCommand === true,
    line(line) {
      if (call === null) return []
      const status = call.isInCommand || call.state !== 'started' ? null : STATUS.exec(line)
      if (status !== null) {
        call.state = status[1] === undefined && status[2] === undefined ? 'failed' : 'done'
        // It is told when all is known that it printed, for which there may be nothing to wait but the model.
        return [{ kind: 'work', id: call.id, state: 'done' }]
      }
      units += line.length + 1
      if (units <= MOST.output * 2) (call.isInCommand ? call.input : call.output).push(line)
      if (!call.isInCommand || !line.includes(PLACE)) return []
      call.isInCommand = false
      return [toolOf(call)]
    },
    end() {
      const ended = call
      call = null
      // One that is interrupted never says how it ended.
      return ended === null || ended.state === 'started' ? [] : [toolOf(ended)]
    },
  }
}

function toolOf({ id, name, input, output, state }: Call): AgentTool {
  const whole = input.join('\n')
  const command = whole.slice(0, Math.max(0, whole.lastIndexOf(PLACE)))
  const printed = output.join('\n').replace(/\n$/, '')
  return toolCall({ id, name, input: command || null, output: printed || null, state })
}
