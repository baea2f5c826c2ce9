import t from 'tap'
import { errorKindOf, finalError, retryError } from '../../src/agents/error-kind.ts'

const SENTENCES = {
  quota: [
    'You’ve hit your usage limit. Try again at 8:26 PM.',
    "You've hit your limit · resets 8:40pm (UTC)",
    'Your workspace is out of credits',
    'You are out of extra usage',
    'Credit balance is too low',
    'Free usage exceeded',
    'Quota exceeded. Check your plan and billing details.',
    'spend cap reached',
    'exceeded retry limit, last status: 429 Too Many Requests',
    'Session limit reached',
  ],
  auth: [
    'Not logged in · Please run /login',
    'Invalid API key · Fix external API key',
    'unexpected status 401 Unauthorized: refused',
    'Your refresh token was revoked. Please sign in again.',
    'unexpected status 403 Forbidden',
  ],
  network: [
    'Cannot connect to API: Unable to connect. Is the computer able to access the url?',
    'stream disconnected before completion: error sending request for url',
    'getaddrinfo EAI_AGAIN api.anthropic.com',
    'unexpected status 503 Service Unavailable',
    'API Error: 529 Overloaded',
    'Request timed out.',
    'We are currently experiencing high demand',
  ],
  context_full: [
    'Your input exceeds the context window of this model',
    'Prompt is too long',
    'Codex ran out of room in the model’s context window',
  ],
  refused: [
    'The user rejected permission to use this specific tool call.',
    'Not inside a trusted directory and --skip-git-repo-check was not specified.',
    'This request seems to violate our Usage Policy',
  ],
  crashed: ["thread 'main' panicked at core/src/lib.rs:1", 'FATAL ERROR: JavaScript heap out of memory'],
  other: [
    'budget reached',
    'unexpected argument found',
    'Session not found',
    'No conversation found with session ID: 00000000-0000-7000-8000-000000000500',
    '',
  ],
} as const

for (const [kind, sentences] of Object.entries(SENTENCES)) {
  t.test(`${kind}: known by its words`, async (t) => {
    for (const sentence of sentences) t.equal(errorKindOf(sentence), kind, sentence)
  })
}

t.test('the status of the server counts before the words', async (t) => {
  const kinds = [401, 403, 402, 429, 413, 408, 500, 529, 404].map((status) => errorKindOf('bad key', status))
  t.same(kinds, ['auth', 'auth', 'quota', 'quota', 'context_full', 'network', 'network', 'network', 'other'])
})

t.test('an error is bounded, whatever its length, and soon told', async (t) => {
  const start = performance.now()
  const error = finalError('out of '.repeat(1_000_000))
  t.equal(error.text.length, 2000)
  t.ok(performance.now() - start < 500)
  t.match(retryError('x', 500), { error: 'network', retrying: true })
})
