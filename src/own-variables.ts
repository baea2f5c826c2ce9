import { NOTICES } from './plugins.ts'

/** Whether a variable is of a plug-in that tells people: no agent gets it. */
export const isOwnVariable = (name: string): boolean => NOTICES.some((notice) => notice.isOwnVariable(name))
