import type { Agents } from '../../../agents/agents.ts'
import { MAX_SECONDS } from '../../../base/clock.ts'
import { LooperError } from '../../../base/errors.ts'
import { orNull, type Static, Type } from '../../../base/schema.ts'
import { intervalOf, type LoopDefinition, limitsOf, UNLIMITED } from '../loop.ts'
import type { MemoryName } from '../memory-versions.ts'
import { modelOf, RunnerModel, workerOf } from './model.ts'

const LONGEST_TEXT = 500_000
const LONGEST_COMMAND = 2000
const LEAST_INTERVAL_MS = 1000

const Interval = Type.Integer({ minimum: 0, maximum: MAX_SECONDS * 1000, description: 'Milliseconds.' })
const Text = Type.String({ maxLength: LONGEST_TEXT })
const Monitor = Type.Object(
  {
    command: Type.Optional(
      Type.String({ maxLength: LONGEST_COMMAND, description: 'For a shell, in the workspace.' }),
    ),
    interval: Type.Optional(orNull(Interval)),
  },
  { additionalProperties: false },
)
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: '0: without end.' })
const NeverAsks = Type.Boolean({ description: 'Always true: an agent in a loop asks for no permissions.' })

/** What the loop is, in Loop Runner's words. */
export const RunnerConfig = Type.Object({
  model: RunnerModel,
  system: Type.String(),
  user: Type.String(),
  working: Type.String({ description: 'The memory that only the next iteration gets.' }),
  persistent: Type.String({ description: 'The memory that each iteration gets.' }),
  monitor: orNull(Monitor),
  interval: Interval,
  maxIterations: Count,
  autoApprove: NeverAsks,
})
/** What the loop is, in Loop Runner's words. */
export type RunnerConfig = Static<typeof RunnerConfig>

/** Any part of it, as it is to be. */
export const RunnerChange = Type.Object(
  {
    model: Type.Optional(
      Type.Object({
        providerID: Type.Optional(RunnerModel.properties.providerID),
        modelID: Type.Optional(RunnerModel.properties.modelID),
      }),
    ),
    system: Type.Optional(orNull(Text)),
    user: Type.Optional(Type.String({ pattern: '\\S', maxLength: LONGEST_TEXT })),
    working: Type.Optional(orNull(Text)),
    persistent: Type.Optional(orNull(Text)),
    monitor: Type.Optional(orNull(Monitor)),
    interval: Type.Optional(Interval),
    maxIterations: Type.Optional(Count),
    autoApprove: Type.Optional(NeverAsks),
  },
  { additionalProperties: false },
)
/** Any part of it, as it is to be. */
export type RunnerChange = Static<typeof RunnerChange>

/** A loop in Loop Runner's words. Pure. */
export function configOf(
  definition: LoopDefinition,
  memories: Readonly<Record<MemoryName, string>>,
  agents: Agents,
): RunnerConfig {
  return {
    model: modelOf(definition, agents),
    system: definition.system ?? '',
    user: definition.user,
    ...memories,
    monitor: monitorOf(definition),
    interval: Math.round(intervalOf(definition)),
    maxIterations: limitsOf(definition).iterations ?? 0,
    autoApprove: true,
  }
}

/**
 * The loop with what somebody changed of it in Loop Runner's words; the rest stays as it is. Pure.
 * @throws {LooperError} `LOOPER_FIELD_INVALID`
 */
export function changedBy(change: RunnerChange, definition: LoopDefinition, agents: Agents): LoopDefinition {
  const { model, system, user, monitor, interval, maxIterations, autoApprove = true } = change
  if (!autoApprove)
    throw new LooperError('LOOPER_FIELD_INVALID', "'autoApprove' must be true: nobody is there to be asked")
  return {
    ...definition,
    ...(model && changedWorker(model, definition, agents)),
    ...(system !== undefined && { system: system || null }),
    ...(user !== undefined && { user }),
    ...(monitor !== undefined && changedMonitor(monitor)),
    ...(interval !== undefined && { interval_seconds: interval / 1000 }),
    ...(maxIterations !== undefined && { max_iterations: maxIterations || UNLIMITED }),
  }
}

function changedWorker(
  { providerID = '', modelID = '' }: NonNullable<RunnerChange['model']>,
  definition: LoopDefinition,
  agents: Agents,
) {
  // A page whose list of models is empty sends no name.
  if (providerID === '' && modelID === '') return {}
  const now = modelOf(definition, agents)
  // It was sent back as it was told: what is not said in our words stays unsaid.
  if (providerID === now.providerID && modelID === now.modelID) return {}
  return workerOf({ providerID, modelID }, agents)
}

function monitorOf({ monitor, monitor_interval_seconds: seconds }: LoopDefinition): RunnerConfig['monitor'] {
  if (monitor == null) return null
  return seconds == null ? { command: monitor } : { command: monitor, interval: Math.round(seconds * 1000) }
}

function changedMonitor(monitor: Static<typeof Monitor> | null) {
  const { command = '', interval = null } = monitor ?? {}
  if (command.trim() === '') return { monitor: null, monitor_interval_seconds: null }
  // 0: before each round, as without one.
  if (!interval) return { monitor: command, monitor_interval_seconds: null }
  if (interval < LEAST_INTERVAL_MS)
    throw new LooperError(
      'LOOPER_FIELD_INVALID',
      `'monitor/interval' must be >= ${LEAST_INTERVAL_MS}, or 0: once before each iteration`,
    )
  return { monitor: command, monitor_interval_seconds: interval / 1000 }
}
