import type { CommandLine } from './args.ts'
import type { Client } from './client.ts'
import type { Screen } from './screen.ts'
import type { Surroundings } from './world.ts'

/** What a command works with. */
export interface LocalContext extends CommandLine {
  readonly world: Surroundings
  readonly screen: Screen
}

/** What a command works with that talks to the service. */
export interface Context extends LocalContext {
  readonly client: Client
}
