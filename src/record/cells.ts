/** A column that may be NULL. */
export const numberOrNull = (value: unknown) => (typeof value === 'number' ? value : null)
/** A column that may be NULL. */
export const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)
