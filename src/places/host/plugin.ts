import type { PlacePlugin } from '../place.ts'
import { openHost } from './host.ts'

/** This machine, with a process each. */
export const host: PlacePlugin = { open: openHost }
