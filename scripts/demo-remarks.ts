/**
 * What the demo says about the lines of a run's log, for somebody who sees them for the first time: who wrote them, and
 * which of codex's complaints mean nothing here. Null for a line that speaks for itself.
 */
export function remarkOn(line: string): string | null {
  return REMARKS.find(([form]) => form.test(line))?.[1] ?? null
}

/** As codex 0.169 writes them, in the order in which they are looked for. */
const REMARKS: readonly (readonly [RegExp, string])[] = [
  [
    /^# looper_request_id=/,
    "Looper begins each run's log with these three lines; the rest is codex's own output",
  ],
  [
    /^# codex_exec_return_code=/,
    "Looper's last line: how codex ended. The shell around codex writes it, whatever happens to Looper",
  ],
  [/^Reading additional input from stdin/, 'codex always says so; Looper gives it an empty stdin'],
  [
    /^warning: .*bubblewrap/,
    "codex's own warning: it looks for a bubblewrap of the system. Not about Looper",
  ],
  [/^warning: Model metadata/, "codex's own warning: it does not know the demo's stand-in for a model"],
  [/^warning: Untrusted project/, "codex's own warning: the demo's repository is new to it"],
  [/^turn interrupted/, 'Looper sent SIGINT first, on which codex ends its tools'],
  [/^\S+Z +(WARN|ERROR) codex/, "codex's own message, about being interrupted. Not an error of Looper"],
  [/^warning:|^\S+Z +(WARN|ERROR) /, "codex's own warning"],
]

/** What to do after the demo. */
export const NEXT = `
What next:
  npm start                     starts Looper on http://127.0.0.1:3456/, which is also its page for a browser
  codex login                   once, if codex is not logged in yet (here: npx codex login)
  npx looper doctor             in a second terminal: says what is missing on this machine
  npx looper run "Hello" --prompt "Say what this repository does" --workspace ~/my-repository --follow
                                your first run, with your own codex and its account
  cp .env.example .env          settings: Zulip, a default prompt, a token; docs/settings.md explains them`
