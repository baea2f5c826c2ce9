/** Why the autopoll did not launch, as one word of a closed set; what it tells of it is a sentence. */
export const SKIPS = [
  'busy',
  'running',
  'log_fresh',
  'usage_limit',
  'backing_off',
  'paused',
  'hourly_cap',
] as const
/** Why the autopoll did not launch. */
export type Skip = (typeof SKIPS)[number]
