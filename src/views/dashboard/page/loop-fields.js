/** @typedef {'text' | 'line' | 'choice' | 'seconds' | 'limit'} Kind */
/** @typedef {{ name: string, label: string, hint: string, kind: Kind, choices?: string[], isNew?: boolean }} Field isNew: an older service does not know it. */

/** What a loop is, in the order of the form. @type {readonly Field[]} */
export const FIELDS = [
  { name: 'user', label: 'Task', hint: 'what each round is to do', kind: 'text' },
  { name: 'system', label: 'System prompt', hint: 'beside the agent’s own', kind: 'text' },
  { name: 'workspace', label: 'Workspace', hint: 'if empty, that of the settings', kind: 'line' },
  { name: 'agent', label: 'Agent', hint: 'if empty, that of the settings', kind: 'line' },
  { name: 'model', label: 'Model', hint: 'as the agent calls it', kind: 'line' },
  {
    name: 'session',
    label: 'Session',
    hint: 'of each round',
    kind: 'choice',
    choices: ['fresh', 'continue'],
  },
  { name: 'interval_seconds', label: 'Wait between rounds, s', hint: 'by default 5', kind: 'seconds' },
  {
    name: 'monitor',
    label: 'Monitor',
    hint: 'a command, whose output each round is told',
    kind: 'line',
    isNew: true,
  },
  {
    name: 'monitor_interval_seconds',
    label: 'Monitor every, s',
    hint: 'if empty, once before each round',
    kind: 'seconds',
    isNew: true,
  },
  {
    name: 'gate',
    label: 'Gate',
    hint: 'a command before each round; 75: nothing to do',
    kind: 'line',
    isNew: true,
  },
  {
    name: 'gate_failure',
    label: 'If the gate fails',
    hint: '',
    kind: 'choice',
    choices: ['fail', 'go', 'skip'],
    isNew: true,
  },
  {
    name: 'checkpoints',
    label: 'Checkpoints',
    hint: 'on: the work tree is kept after each round, in git',
    kind: 'choice',
    choices: ['off', 'on'],
    isNew: true,
  },
  { name: 'verify', label: 'Check', hint: 'a command; the loop ends when it passes', kind: 'line' },
  {
    name: 'completion_word',
    label: 'Completion word',
    hint: 'alone on a line, it ends the loop',
    kind: 'line',
  },
  { name: 'max_iterations', label: 'Most rounds', hint: 'by default 50', kind: 'limit' },
  { name: 'max_seconds', label: 'Most time, s', hint: 'by default 86400', kind: 'limit' },
  { name: 'max_tokens', label: 'Most tokens', hint: 'by default unlimited', kind: 'limit' },
  { name: 'max_cost_usd', label: 'Most cost, $', hint: 'by default unlimited', kind: 'limit' },
  {
    name: 'max_unchanged',
    label: 'Most rounds without a change',
    hint: 'in a row; by default 5',
    kind: 'limit',
  },
  { name: 'max_same_failures', label: 'Most equal failures', hint: 'in a row; by default 3', kind: 'limit' },
]
