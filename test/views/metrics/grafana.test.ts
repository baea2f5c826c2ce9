import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { PROJECT } from '../../helpers/service.ts'

interface Panel {
  readonly id: number
  readonly title: string
  readonly description: string
  readonly datasource: object
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly { readonly expr: string; readonly datasource: object }[]
  readonly fieldConfig: { readonly defaults: { readonly unit: string } }
}
interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[]
  }
}

const dashboard: Dashboard = JSON.parse(readFileSync(path.join(PROJECT, 'docs/grafana.json'), 'utf8'))
const expressions = [
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
]
const SOURCE = { type: 'prometheus', uid: `\${datasource}` }

t.test('every series that the dashboard asks for is there, and so are its labels', async (t) => {
  const lines = readFileSync(path.join(PROJECT, 'docs/reference/metrics.txt'), 'utf8').trim().split('\n')
  const metrics = new Map(
    lines.map((line) => {
      const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})? \w+: /.exec(line) ?? []
      return [name, labels.split(',')]
    }),
  )
  const familyOf = (name: string) => name.replace(/_(bucket|sum|count)$/, '')
  const asked = new Set(expressions.flatMap((text) => text.match(/(?:looper|process|nodejs)_\w+/g) ?? []))
  t.ok(asked.size > 10)
  for (const name of asked) t.ok(metrics.has(familyOf(name)), `${name} is there`)
  for (const text of expressions) {
    const [, label] = /by \((\w+)\)/.exec(text) ?? []
    const [, name = ''] = /((?:looper|process|nodejs)_\w+)/.exec(text) ?? []
    if (label !== undefined) t.ok(metrics.get(familyOf(name))?.includes(label), `${name} has ${label}`)
  }
  for (const name of [...metrics.keys()].filter((one) => one.startsWith('looper_'))) {
    t.ok(
      expressions.some((text) => text.includes(name)),
      `${name} is on the dashboard`,
    )
  }
})

t.test('any data source can be chosen, and every panel says what it shows, in its unit', async (t) => {
  const variables = dashboard.templating.list.map(({ name, type }) => `${name} ${type}`)
  t.same(variables, ['datasource datasource', 'job query', 'instance query'])
  const ids = dashboard.panels.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  for (const { title, description, datasource, targets, fieldConfig } of dashboard.panels) {
    t.same(datasource, SOURCE, title)
    for (const target of targets) t.same(target.datasource, SOURCE, title)
    t.match(description, /^\S.+\.$/, title)
    t.ok(fieldConfig.defaults.unit, title)
  }
})

t.test('panels do not lie on one another, nor beside the page', async (t) => {
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
  )
  t.equal(new Set(cells).size, cells.length)
  for (const { gridPos, title } of dashboard.panels) t.ok(gridPos.x + gridPos.w <= 24, title)
})
