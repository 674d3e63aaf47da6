import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEAD_LETTER_CODES } from '#shared/core/dead-letter.ts'
import { functionMetrics, localMetrics } from '../../infra/metric-list.ts'
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

describe('the CloudWatch dashboard', () => {
  type Variables = {
    resolveVariable(name: string): Promise<unknown>
    resolveConfigurationProperty(path: readonly string[]): Promise<unknown>
  }
  type Widget = {
    readonly type: string
    readonly x: number
    readonly width: number
    readonly properties: {
      readonly title: string
      readonly query?: string
      readonly metrics?: readonly unknown[]
    }
  }
  const widgets = async (): Promise<readonly Widget[]> => {
    const make = createRequire(import.meta.url)(`../../${FOLDER}/cloudwatch-dashboard.cjs`) as (
      variables: Variables,
    ) => Promise<{ Properties: { DashboardBody: { 'Fn::Sub': string } } }>
    const known: Readonly<Record<string, unknown>> = {
      'sls:stage': 'prod',
      'self:service': 'tidewire',
      'self:custom.tables': { log: 'tidewire-prod-log' },
    }
    const { Properties } = await make({
      resolveVariable: async (name) => known[name],
      resolveConfigurationProperty: async () => [
        { write: { events: [{ httpApi: 'POST /events' }] } },
        { fold: { events: [] } },
      ],
    })
    return JSON.parse(Properties.DashboardBody['Fn::Sub']).widgets
  }

  it('shows metrics that there are, of the functions and tables that there are', async () => {
    const text = JSON.stringify(await widgets())
    const names = [...text.matchAll(/MetricName=\\"(\w+)\\"/g)].map(([, name = '']) => name)

    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !cloudWatchNames.has(name))).toEqual([])
    const functions = [...text.matchAll(/"FunctionName","([^"]+)"/g)].map(([, name]) => name)
    expect(new Set(functions)).toEqual(new Set(['tidewire-prod-write', 'tidewire-prod-fold']))
    expect(text).toContain('"OffsetLag","FunctionName","tidewire-prod-fold"')
    expect(text).not.toContain('"OffsetLag","FunctionName","tidewire-prod-write"')
    expect(text).toContain('"TableName","tidewire-prod-log"')
    expect(text).toContain("SOURCE '/aws/lambda/tidewire-prod-write'")
  })

  it('fills the width of each row', async () => {
    for (const { x, width, properties } of await widgets()) {
      expect.soft(x + width, properties.title).toBeLessThanOrEqual(24)
      expect.soft((properties.metrics ?? [properties.query]).length, properties.title).toBeGreaterThan(0)
    }
  })
})
