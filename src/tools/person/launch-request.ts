import type { Static } from '../../base/schema.ts'
import type { Caller } from '../../http/tokens.ts'
import { prepareRun, type RequestDefaults } from '../../runs/request.ts'
import type { RunRequest } from '../../runs/run.ts'
import type { Runs } from '../../runs/runs.ts'
import { type LaunchInput, launchBody } from './launch-input.ts'

/** What asking for a run takes. */
export interface LaunchDeps {
  readonly runs: Runs
  readonly defaults: RequestDefaults
  newRequestId(): string
}

/** The request that a person's agent makes, as soon as it is known what runs. @throws {LooperError} where it cannot work */
export async function launchRequest(
  args: Static<typeof LaunchInput>,
  caller: Caller | null,
  { runs, defaults, newRequestId }: LaunchDeps,
): Promise<RunRequest> {
  await runs.adopted()
  const origin = { requestId: newRequestId(), trigger: 'http', caller: caller?.name ?? null } as const
  const { request } = await prepareRun(launchBody(args), origin, defaults)
  return request
}
