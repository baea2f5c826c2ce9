import { Type } from '../../base/schema.ts'

/** The run that is meant. */
export const RUN_ID = Type.String({ minLength: 1, maxLength: 100 })
