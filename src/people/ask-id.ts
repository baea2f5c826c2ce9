import { randomInt } from 'node:crypto'

/** Nothing that looks like something else. */
const CHARACTERS = '23456789abcdefghjkmnpqrstuvwxyz'
const LENGTH = 6

/** An id that can be read out and typed; whoever takes it sees to it that there is no other. */
export const newAskId = (): string =>
  Array.from({ length: LENGTH }, () => CHARACTERS.charAt(randomInt(CHARACTERS.length))).join('')
