import { LooperError, messageOf } from '../base/errors.ts'
import { readOwnerFile } from '../base/owner-file.ts'

/** Where the default prompt comes from. */
export type PromptSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }

/** The largest prompt, in bytes of UTF-8. */
export const MAX_PROMPT_BYTES = 1_048_576

/**
 * The default prompt as it is now: a file is read anew at every call. Null where none is configured.
 * @throws {LooperError} `LOOPER_PROMPT_FILE_UNREADABLE`, or as {@link checkPrompt}
 */
export async function readDefaultPrompt(source: PromptSource): Promise<string | null> {
  switch (source.kind) {
    case 'none':
      return null
    case 'text':
      return source.text
    case 'file': {
      const text = readPromptFile(source.path)
      checkPrompt(text, source.path)
      // An empty prompt means "stop only", which nobody asked for with an emptied file.
      if (text.trim() === '') {
        throw new LooperError('LOOPER_PROMPT_FILE_UNREADABLE', `the default prompt is empty: ${source.path}`)
      }
      return text
    }
  }
}

function readPromptFile(file: string): string {
  try {
    return readOwnerFile(file)
  } catch (error) {
    const what = `cannot read the default prompt: ${messageOf(error)}`
    throw new LooperError('LOOPER_PROMPT_FILE_UNREADABLE', what, { cause: error })
  }
}

/**
 * Refuses a prompt that no program could be handed: too large, or holding NUL or a lone surrogate.
 * @throws {LooperError} `LOOPER_PROMPT_TOO_LARGE`, `LOOPER_FIELD_INVALID`
 */
export function checkPrompt(prompt: string, name: string): void {
  checkText(prompt, name)
  const bytes = Buffer.byteLength(prompt)
  if (bytes > MAX_PROMPT_BYTES) {
    throw new LooperError(
      'LOOPER_PROMPT_TOO_LARGE',
      `'${name}' must be at most ${MAX_PROMPT_BYTES} bytes (it has ${bytes})`,
    )
  }
}

/**
 * Refuses text that cannot travel through argv, files and JSON unharmed.
 * @throws {LooperError} `LOOPER_FIELD_INVALID`
 */
export function checkText(text: string, name: string): void {
  if (text.includes('\0')) {
    throw new LooperError('LOOPER_FIELD_INVALID', `'${name}' must not contain NUL`)
  }
  if (!text.isWellFormed()) {
    throw new LooperError(
      'LOOPER_FIELD_INVALID',
      `'${name}' must be well-formed Unicode (it has a lone surrogate)`,
    )
  }
}
