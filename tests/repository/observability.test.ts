import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEAD_LETTER_CODES } from '#shared/core/dead-letter.ts'
import { functionMetrics, localMetrics } from '../../infra/metric-list.ts'
import { type Alarm, alarmResource, anchorOf } from '../../infra/observability/alarm.ts'
import { alarmList } from '../../infra/observability/alarm-list.ts'
import { observability } from '../../infra/observability/observability.ts'
import { exampleDeployment } from '../../infra/testing/example-deployment.ts'
import { promtoolPath } from '../support/promtool-path.ts'

const FOLDER = 'infra/observability'
const RULES = `${FOLDER}/tidewire.rules.yml`
const promtool = promtoolPath()
const skipped = promtool === null ? ' (skipped: no promtool; Debian: apt-get install prometheus)' : ''

const prometheusNames = new Set([...functionMetrics(), ...localMetrics()].map(({ prometheus }) => prometheus))
const cloudWatchNames = new Set(functionMetrics().map(({ cloudWatch }) => cloudWatch))

/** The names of metrics that a text has and the list of metrics does not. A histogram is read by its buckets. */
function unknownMetrics(text: string): string[] {
  const names = [...text.matchAll(/\btidewire_\w+/g)].map(([name]) => name)
  return names.filter((name) => !prometheusNames.has(name.replace(/_(bucket|count|sum)$/, '')))
}

/** The headings of a page, as links to it name them. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Runs promtool; returns what it wrote if it fails, otherwise null. */
function promtoolProblem(...args: readonly string[]): string | null {
  const { status, stdout, stderr } = spawnSync(promtool ?? '', args, { encoding: 'utf8' })
  return status === 0 ? null : `${stdout}${stderr}`
}

type Panel = {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly {
    readonly expr: string
    readonly refId: string
    readonly datasource: { readonly uid: string }
  }[]
}

async function grafanaPanels(): Promise<readonly Panel[]> {
  const { panels } = JSON.parse(await readFile(`${FOLDER}/grafana-dashboard.json`, 'utf8')) as {
    panels: Panel[]
  }
  return panels
}

describe('the alert rules', () => {
  it('name metrics that there are, and so do their tests', async () => {
    for (const file of [RULES, `${FOLDER}/tidewire.rules.test.yml`])
      expect(unknownMetrics(await readFile(file, 'utf8')), file).toEqual([])
  })

  it('each have a severity, a summary and a heading of docs/operations.md', async () => {
    const text = await readFile(RULES, 'utf8')
    const alerts = text.split(/^ {6}- alert: /m).slice(1)

    expect(alerts.length).toBeGreaterThan(10)
    for (const alert of alerts) {
      const [name = ''] = alert.split('\n')
      expect.soft(alert, name).toMatch(/severity: (page|ticket) /)
      expect.soft(alert, name).toMatch(/summary: "\S/)
      const [, page = '', anchor = ''] = /runbook: (\S+)#(\S+)/.exec(alert) ?? []
      expect.soft(page, name).toBe('docs/operations.md')
      expect.soft(anchorsOf(await readFile('docs/operations.md', 'utf8')), name).toContain(anchor)
    }
  })

  it('and docs/operations.md says what to do about each code of a dead letter', async () => {
    const page = await readFile('docs/operations.md', 'utf8')

    expect(DEAD_LETTER_CODES.filter((code) => !page.includes(`\`${code}\``))).toEqual([])
  })

  it('each have a test that sees them alert', async () => {
    const names = [...(await readFile(RULES, 'utf8')).matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
    const tests = await readFile(`${FOLDER}/tidewire.rules.test.yml`, 'utf8')
    const seen = [...tests.matchAll(/alertname: (\w+)\n\s+exp_alerts:\n/g)].map(([, name]) => name)

    expect(new Set(seen)).toEqual(new Set(names))
  })

  it.skipIf(promtool === null)(`are right, and alert when they should${skipped}`, () => {
    expect(promtoolProblem('check', 'rules', RULES)).toBeNull()
    expect(promtoolProblem('test', 'rules', `${FOLDER}/tidewire.rules.test.yml`)).toBeNull()
    expect(promtoolProblem('check', 'config', `${FOLDER}/prometheus.yml`)).toBeNull()
  })

  it('and a metric that there is not would be found', () => {
    expect(unknownMetrics('rate(tidewire_nothing_total[5m]) / tidewire_fold_lag_seconds_bucket')).toEqual([
      'tidewire_nothing_total',
    ])
  })
})

describe('the Grafana dashboard', () => {
  it('shows metrics that there are, of the data source that is chosen, and says what each panel is', async () => {
    for (const { title, type, description, targets = [] } of await grafanaPanels()) {
      expect.soft(targets.length > 0, title).toBe(type !== 'row')
      if (type !== 'row') expect.soft(description, title).toBeTruthy()
      for (const { expr, datasource } of targets) {
        expect.soft(unknownMetrics(expr), title).toEqual([])
        expect.soft(datasource.uid, title).toBe('$' + '{datasource}')
      }
    }
  })

  it('has room for each panel, and no two with one id', async () => {
    const panels = await grafanaPanels()
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    )

    expect(new Set(cells).size).toBe(cells.length)
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  })

  it.skipIf(promtool === null)(`asks what Prometheus understands${skipped}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidewire-queries-'))
    const queries = (await grafanaPanels()).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    const rules = queries.map((expr, n) => ({
      record: `query:${n}`,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$stage', '.*'),
    }))
    try {
      // YAML is a superset of JSON.
      await writeFile(join(folder, 'queries.yml'), JSON.stringify({ groups: [{ name: 'queries', rules }] }))
      expect(promtoolProblem('check', 'rules', join(folder, 'queries.yml'))).toBeNull()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

const deployment = await exampleDeployment()
const FUNCTIONS = { write: {}, webhooks: {}, fold: { timeout: 60 }, deliver: { timeout: 60 }, read: {} }

describe('the alarms of CloudWatch', () => {
  const deployed = Object.keys(FUNCTIONS).map((key) => ({ key, timeoutSeconds: 10 }))
  const all = alarmList(deployment, deployed)

  it('look at metrics that there are', () => {
    const own = all.flatMap(({ metrics }) => metrics).filter(({ namespace }) => namespace === 'Tidewire')
    expect(own.filter(({ name }) => !cloudWatchNames.has(name))).toEqual([])
    for (const { name, dimensions } of own) {
      const known = functionMetrics().find(({ cloudWatch }) => cloudWatch === name)?.dimensions ?? []
      for (const dimension of Object.keys(dimensions)) expect.soft(known, name).toContain(dimension)
    }
  })

  it('each say what to do, and name a heading of docs/operations.md', async () => {
    const headings = anchorsOf(await readFile('docs/operations.md', 'utf8'))
    for (const alarm of all) {
      expect.soft(headings, alarm.name).toContain(anchorOf(alarm.runbook))
      const { AlarmDescription } = alarmResource(alarm, 'tidewire-prod', 'topic').Properties ?? {}
      expect
        .soft(AlarmDescription, alarm.name)
        .toMatch(/\. .*See docs\/operations\.md#[\w-]+ \((page|ticket)\)\.$|: .*See docs/)
      expect.soft(String(AlarmDescription).length, alarm.name).toBeLessThanOrEqual(1024)
    }
  })

  it('have the thresholds, the severity and the runbook of the Prometheus rules, and are no more hasty', async () => {
    const rules = (await readFile(RULES, 'utf8')).split(/^ {6}- alert: /m).slice(1)
    const compared = rules.flatMap((rule) => {
      const name = rule.split('\n')[0] ?? ''
      const [alarm] = all.filter((one) => one.rule === name)
      if (alarm === undefined) return []
      const minutes = Number(/for: (\d+)m/.exec(rule)?.[1] ?? 0)
      expect.soft(alarm.periodSeconds * alarm.periods, name).toBeGreaterThanOrEqual(minutes * 60)
      expect.soft(numbersOfRule(rule), name).toEqual(numbersOfAlarm(alarm))
      expect.soft(rule, name).toContain(`severity: ${alarm.severity} `)
      expect.soft(rule, name).toContain(`operations.md#${anchorOf(alarm.runbook)}\n`)
      return [name]
    })
    // A stage has no such figure: whether it is away is seen by its requests, and Lambda has no queue.
    const local = ['TidewireAway', 'TidewireFunctionsQueue']
    expect([...compared, ...local].sort()).toEqual(rules.map((rule) => rule.split('\n')[0]).sort())
  })
})

/** The numbers that a rule compares with: no quantile, no range, no time. */
function numbersOfRule(rule: string): readonly number[] {
  const expression = /expr: (?:\|\n)?([\s\S]*?)\n {8}\w+:/.exec(rule)?.[1] ?? ''
  const [compared = ''] = expression.split('\n          or\n')
  const bare = compared
    .replaceAll(/\{[^}]*\}|\[\w+\]|offset \w+|quantile\(0\.\d+/g, '')
    .replaceAll(/\) >= 0/g, ')')
  return numbersOf(bare)
}

/** Those of an alarm, times in seconds: no filled zeros, no length of a period. */
function numbersOfAlarm({ expression, threshold, metrics, periodSeconds }: Alarm): readonly number[] {
  const bare = expression
    .replaceAll(/FILL\((\w+), 0\)/g, '$1')
    .replace(new RegExp(` / ${periodSeconds}$`), '')
  const isTime = functionMetrics().some(
    ({ cloudWatch, unit }) => unit === 'Milliseconds' && cloudWatch === metrics[0]?.name,
  )
  return numbersOf(`${bare} > ${isTime ? threshold / 1000 : threshold}`)
}

function numbersOf(text: string): readonly number[] {
  return [...text.matchAll(/(?<![\w.])\d+(?:\.\d+)?/g)]
    .map(([number]) => Number(number))
    .sort((a, b) => a - b)
}

describe('the CloudWatch dashboard', () => {
  type Widget = {
    readonly type: string
    readonly x: number
    readonly width: number
    readonly properties: Readonly<Record<'title' | 'query', string>> & {
      readonly metrics?: readonly unknown[]
      readonly alarms?: readonly string[]
    }
  }
  const { Resources = {} } = observability(deployment, FUNCTIONS)
  const body = (Resources.Dashboard?.Properties?.DashboardBody ?? {}) as { 'Fn::Sub': string }
  const widgets = JSON.parse(body['Fn::Sub']).widgets as readonly Widget[]

  it('shows metrics that there are, of the functions, tables and alarms of the stage', () => {
    const text = JSON.stringify(widgets)
    const names = [...text.matchAll(/MetricName=\\"(\w+)\\"/g)].map(([, name = '']) => name)

    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !cloudWatchNames.has(name))).toEqual([])
    const functions = [...text.matchAll(/"FunctionName","([^"]+)"/g)].map(([, name]) => name)
    expect(new Set(functions)).toEqual(new Set(Object.keys(FUNCTIONS).map((key) => `tidewire-prod-${key}`)))
    expect(text).toContain('"OffsetLag","FunctionName","tidewire-prod-fold"')
    expect(text).not.toContain('"OffsetLag","FunctionName","tidewire-prod-write"')
    expect(text).toContain(`"TableName","\${LogTable}"`)
    expect(text).toContain("SOURCE '/aws/lambda/tidewire-prod-write'")
    const alarms = widgets.flatMap(({ properties }) => properties.alarms ?? [])
    expect(alarms.filter((arn) => !Resources[arn.replace(/^\$\{(\w+)\.Arn\}$/, '$1')])).toEqual([])
    expect(alarms.length).toBeGreaterThan(20)
  })

  it('fills the width of each row', () => {
    for (const { x, width, properties } of widgets) {
      expect.soft(x + width, properties.title).toBeLessThanOrEqual(24)
      const shown = properties.metrics ?? properties.alarms ?? [properties.query]
      expect.soft(shown.length, properties.title).toBeGreaterThan(0)
    }
  })
})
