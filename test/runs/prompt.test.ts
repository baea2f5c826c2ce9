import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { checkPrompt, checkText, MAX_PROMPT_BYTES, readDefaultPrompt } from '../../src/runs/prompt.ts'

t.test('without a default prompt there is none', async (t) => {
  t.equal(await readDefaultPrompt({ kind: 'none' }), null)
})

t.test('a text is the prompt as it is', async (t) => {
  t.equal(await readDefaultPrompt({ kind: 'text', text: ' go on ' }), ' go on ')
})

t.test('a file is read anew at every call, byte for byte', async (t) => {
  const file = path.join(t.testdir(), 'prompt.md')
  for (const text of ['first\n', '  second: "ü" 🦊\r\n\n']) {
    writeFileSync(file, text)
    t.equal(await readDefaultPrompt({ kind: 'file', path: file }), text)
  }
})

t.test('a file that cannot be read is told, with the cause', async (t) => {
  const file = path.join(t.testdir(), 'prompt.md')
  const source = { kind: 'file', path: file } as const
  await t.rejects(readDefaultPrompt(source), {
    code: 'LOOPER_PROMPT_FILE_UNREADABLE',
    status: 500,
    message: `cannot read the default prompt: ENOENT: no such file or directory, open '${file}'`,
    cause: { code: 'ENOENT' },
  })
  mkdirSync(file)
  await t.rejects(readDefaultPrompt(source), {
    code: 'LOOPER_PROMPT_FILE_UNREADABLE',
    cause: { code: 'EISDIR' },
  })
  rmSync(file, { recursive: true })
})

t.test('a file is read however an editor saved it, and told where it is no text', async (t) => {
  const file = path.join(t.testdir(), 'prompt.md')
  const source = { kind: 'file', path: file } as const
  writeFileSync(file, Buffer.from('\ufeffgo on, ü', 'utf16le'))
  t.equal(await readDefaultPrompt(source), 'go on, ü')
  writeFileSync(file, Buffer.from('go on, ü', 'latin1'))
  await t.rejects(readDefaultPrompt(source), {
    code: 'LOOPER_PROMPT_FILE_UNREADABLE',
    message: `cannot read the default prompt: ${file} is not UTF-8 text; save it in that encoding`,
  })
})

t.test('an emptied file is refused: an empty prompt would stop every agent and launch none', async (t) => {
  const file = path.join(t.testdir(), 'prompt.md')
  for (const text of ['', ' \n\t\n']) {
    writeFileSync(file, text)
    await t.rejects(readDefaultPrompt({ kind: 'file', path: file }), {
      code: 'LOOPER_PROMPT_FILE_UNREADABLE',
      message: `the default prompt is empty: ${file}`,
    })
  }
})

t.test('a file is checked like any other prompt, and named by its path', async (t) => {
  const file = path.join(t.testdir(), 'prompt.md')
  writeFileSync(file, 'a\0b')
  await t.rejects(readDefaultPrompt({ kind: 'file', path: file }), {
    code: 'LOOPER_FIELD_INVALID',
    message: `'${file}' must not contain NUL`,
  })
  writeFileSync(file, 'x'.repeat(MAX_PROMPT_BYTES + 1))
  await t.rejects(readDefaultPrompt({ kind: 'file', path: file }), {
    code: 'LOOPER_PROMPT_TOO_LARGE',
    message: `'${file}' must be at most 1048576 bytes (it has 1048577)`,
  })
})

t.test('a prompt may have 1 MiB of UTF-8 and not a byte more', async (t) => {
  t.doesNotThrow(() => checkPrompt('x'.repeat(1_048_576), 'codex_prompt'))
  t.doesNotThrow(() => checkPrompt('ü'.repeat(524_288), 'codex_prompt'))
  const tooLarge = { code: 'LOOPER_PROMPT_TOO_LARGE', status: 413 }
  t.throws(() => checkPrompt('x'.repeat(1_048_577), 'codex_prompt'), tooLarge)
  t.throws(() => checkPrompt(`${'ü'.repeat(524_288)}x`, 'codex_prompt'), {
    ...tooLarge,
    message: "'codex_prompt' must be at most 1048576 bytes (it has 1048577)",
  })
})

t.test('text with NUL or half a character is refused by the name of its field', async (t) => {
  const invalid = { code: 'LOOPER_FIELD_INVALID', status: 400 }
  for (const text of ['\0', 'a\0b']) {
    t.throws(() => checkText(text, 'workspace'), {
      ...invalid,
      message: "'workspace' must not contain NUL",
    })
  }
  for (const text of ['\ud83e', '\udd8a', 'a\udd8a\ud83eb']) {
    t.throws(() => checkPrompt(text, 'prompt'), {
      ...invalid,
      message: "'prompt' must be well-formed Unicode (it has a lone surrogate)",
    })
  }
  for (const text of ['', 'ü🦊', '\x01\x1b\n\u2028\ufffd']) {
    t.doesNotThrow(() => checkText(text, 'workspace'))
  }
})
