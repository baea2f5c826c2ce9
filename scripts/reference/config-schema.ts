import { KEYS } from '../../src/config.ts'

/** What the config file may hold, as a JSON Schema for editors. */
export function configSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'The config file of Looper',
    type: 'object',
    properties: KEYS,
    additionalProperties: false,
  }
  return `${JSON.stringify(schema, null, 1)}\n`
}
