import path from 'node:path'

const BIN = path.resolve(import.meta.dirname, '../node_modules/.cache/agents/node_modules/.bin')

/** A program that `npm run test:agents` installs. */
export const installed = (name: string): string => path.join(BIN, name)
