/** What a step, and a run on the record, has of its silence. */
export interface SilenceOnRecord {
  /** Since when it gives no sign of life, as it was told; null: it was not, or it does again. */
  readonly silentSince: number | null
}

/** In milliseconds since the epoch. */
export const SILENCE_MIGRATION = 'ALTER TABLE runs ADD COLUMN silent_since INTEGER;'
