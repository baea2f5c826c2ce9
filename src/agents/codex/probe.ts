import { fieldsIn, listIn, objectOn, textIn } from '../json-value.ts'

/** Whether codex is logged in, by `codex login status` 0.169. A model provider of the owner's needs no login. */
export function isLoggedIn(output: string, status: number): boolean | null {
  if (status === 0 && /^Logged in/m.test(output)) return true
  return /^Not logged in/m.test(output) ? false : null
}

/** The models that `codex debug models` 0.169 would let people choose. */
export function modelsOf(output: string): readonly string[] {
  const models = listIn(objectOn(output.trim())?.models).map(fieldsIn)
  return models
    .filter(({ visibility }) => visibility === 'list')
    .map(({ slug }) => textIn(slug))
    .filter((slug) => slug !== null)
}
