import { type Result, type Row, show, showTarget } from './report.ts'

/** The results as a page of Markdown, with a word on each target that is missed. */
export function documentOf(results: readonly Result[], failed: readonly string[], notes: Notes): string {
  const [first] = results
  if (first === undefined) throw new Error('there is no result')
  const versions = Object.entries(first.versions).map(([name, version]) => `${name} ${version}`)
  const rows = results.flatMap((result) => result.rows)
  const judged = rows.filter(({ met }) => met !== null)
  const met = judged.filter((row) => row.met).length
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench`; do not edit. Peers are measured in turn with Looper within one run, and ratios compare',
    'those; times on a shared machine mean little by themselves. Nothing here gates the tests.',
    '',
    `- Date: ${first.date.slice(0, 16).replace('T', ' ')} UTC`,
    `- Machine: ${first.machine}`,
    `- Versions: ${versions.join(', ')}`,
    `- Targets met: ${met} of ${judged.length}`,
    ...failed.map((name) => `- Not measured, because it failed: ${name}`),
    ...results.flatMap((result) => sectionOf(result, notes)),
    '',
  ].join('\n')
}

type Notes = Readonly<Record<string, string>>

function sectionOf({ question, facts, rows }: Result, notes: Notes): string[] {
  const missed = rows.filter(({ met }) => met === false)
  return [
    '',
    `## ${question}`,
    '',
    '| measured | value | target | |',
    '|---|---:|---:|---|',
    ...rows.map(
      (row) => `| ${row.what} | ${show(row.value, row.unit)} | ${showTarget(row)} | ${verdictOf(row)} |`,
    ),
    ...(facts.length === 0 ? [] : ['', facts.join(' ')]),
    ...missed.flatMap(({ what }) => ['', `**Missed: ${what}.** ${notes[what] ?? 'Why is not known yet.'}`]),
  ]
}

function verdictOf({ met }: Row & { readonly met: boolean | null }): string {
  return met === null ? '' : met ? 'met' : '**missed**'
}
