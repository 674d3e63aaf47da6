import type { Row, Rows } from '../measure/measure.ts'
import { type Axis, lineChart, type Point, type Series } from './line-chart.ts'
import { markdownTable } from './markdown-table.ts'

/** A file of bench/results. */
export type Result = {
  readonly machine: Readonly<Record<string, string | number>>
  readonly at?: string
  readonly command?: string
  readonly faults?: readonly string[]
  readonly results: Rows
  /** What somebody who has looked at the figures says about them: bench/results/<name>.md. */
  readonly remarks?: string
}
export type Results = ReadonlyMap<string, Result>
const APACHE = /-apache-kafka$/

type Section = { readonly text: string; readonly charts?: Readonly<Record<string, string>> }
export type Report = { readonly markdown: string; readonly charts: Readonly<Record<string, string>> }

const INTRODUCTION = `# Performance

Measured by \`npm run bench\` (\`npm run bench -- --help\`), which also writes this page: \`npm run bench -- --save\`, then \`npm run bench -- --report\`. Everything runs on one machine, and each server is alone there in its turn: server, Kafka, load generator, each in processes of their own. So the ratios mean something, the milliseconds are those of that machine.

What is compared, and what the peers do not do, is in [bench/peers](../bench/peers/README.md): they keep no event, replay none and notice no repeat.

How it is measured. Events are posted at a steady rate over keep-alive connections, whether or not earlier posts are done; an event's latency begins just before its POST, or when the POST was due if the generator was late, and ends when the frame is in the viewer's process. Viewers are plain WebSockets without compression. Every run counts each delivery: one that is lost, repeated or out of order is a fault of the run and is reported below. Figures are medians of the rounds.
`

/** Returns docs/performance.md and its charts, by file name, of what was measured and saved. */
export function reportOf(results: Results): Report {
  const charts: Record<string, string> = {}
  const parts = [INTRODUCTION]
  for (const file of inOrder(results)) {
    const name = file.replace(APACHE, '')
    const { title, section } = SECTIONS[name] ?? { title: name, section: plain }
    const result = results.get(file)
    const found = result && section(result.results, file)
    if (!result || !found) continue
    Object.assign(charts, found.charts)
    parts.push(
      `## ${title}${file === name ? '' : ' on Apache Kafka'}\n`,
      `${found.text}\n`,
      ...(result.remarks ? [`${result.remarks.trim()}\n`] : []),
      `${origin(result)}\n`,
    )
  }
  return { markdown: parts.join('\n'), charts }
}

/** The files in the order of the sections, each before its counterpart on Apache Kafka; those without a section last. */
function inOrder(results: Results): string[] {
  const names = Object.keys(SECTIONS)
  const rank = (file: string) =>
    (names.indexOf(file.replace(APACHE, '')) + names.length + 1) % (names.length + 1)
  return [...results.keys()].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

function origin({ machine, at, command, faults = [] }: Result): string {
  const { cores, cpu = '', memoryGb, node, commit } = machine
  const where = `${cores} cores${cpu ? ` (${cpu})` : ''}, ${memoryGb} GB, Node ${node}`
  const what = command ? `\`${command}\`, ` : ''
  const day = at?.slice(0, 10) ?? 'an earlier day'
  const found = faults.length > 0 ? `\n\n**Faults of this run:** ${faults.join('; ')}.` : ''
  return `*${what}${day}${commit ? `, commit ${commit}` : ''}, ${where}.*${found}`
}

type Sections = Readonly<
  Record<string, { title: string; section: (rows: Rows, file: string) => Section | null }>
>

const SECTIONS: Sections = {
  latency: { title: 'From POST to the viewer', section: latency },
  capacity: { title: 'Deliveries per CPU second', section: capacity },
  units: { title: 'Requests, units and messages per event', section: plain },
  accept: { title: 'Accepting against a bare send', section: plain },
  matching: { title: 'Matching with many subscriptions', section: plain },
  growth: { title: 'Growth', section: plain },
  'old-cursors': { title: 'Readers and searches above expired events', section: plain },
  reconnect: { title: 'A storm of reconnects', section: plain },
  folds: { title: 'Views behind the market', section: plain },
  poison: { title: 'Poison among events', section: plain },
  idle: { title: 'Idle, and memory per connection', section: plain },
  soak: { title: 'Soak with churn and kills', section: soak },
  age: { title: 'A week in an hour', section: age },
  restart: { title: 'Killed with a long log', section: plain },
  sleep: { title: 'Sleep and clocks that jump', section: plain },
  profile: { title: 'Where the milliseconds go', section: plain },
  dashboard: { title: 'The dashboard', section: plain },
  'feed-soak': { title: 'The feed over eight hours', section: plain },
}

/** Rows of different shapes become a table each. */
function plain(rows: Rows): Section {
  const groups = Map.groupBy(rows, (row) => Object.keys(row).join('|'))
  return { text: [...groups.values()].map((group) => markdownTable(group)).join('\n\n') }
}

const number = (row: Row, column: string) => Number(row[column] ?? Number.NaN)
const namesOf = (rows: Rows) => [...new Set(rows.map(({ system }) => String(system)))]

/** p50 / p99 of each server beside each other, and the ratio of the first to the classic stack. */
function latency(rows: Rows, file: string): Section | null {
  const systems = namesOf(rows)
  if (rows.some(({ system }) => system === undefined)) return null // measured before there were peers
  const cells = Map.groupBy(rows, (row) => `${row.viewers} ${row['events per second']}`)
  const table = [...cells.values()].map((group) => {
    const [{ viewers = '', 'events per second': rate = '' } = {}] = group
    const of = (name: string | undefined) => group.find(({ system }) => system === name)
    const text = (row: Row | undefined) =>
      row?.['p50 ms'] === undefined ? '–' : `${row['p50 ms']} / ${row['p99 ms']}`
    const [ours, classic] = [of(systems[0]), of('classic')]
    const ratio = (column: string) =>
      ours && classic ? ratioText(number(ours, column) / number(classic, column)) : '–'
    return {
      viewers,
      'events/s': rate,
      ...Object.fromEntries(systems.map((name) => [`${name} p50 / p99 ms`, text(of(name))])),
      'p50 × classic': ratio('p50 ms'),
      'p99 × classic': ratio('p99 ms'),
    }
  })
  const details = [
    'viewers',
    'events per second',
    'system',
    'p99 of the rounds',
    'max ms',
    'accepted p50 ms',
    'deliveries',
    'lost',
    'repeated',
    'frames per delivered event',
    'server CPU ms per event',
    'Kafka CPU ms per event',
    'generator CPU of a core',
  ]
  const chart = lineChart({
    title: 'POST to viewer, 100 viewers: p50, and p99 dashed',
    x: { label: 'events per second', isLog: true },
    y: { label: 'ms', isLog: true },
    series: systems.flatMap((name, color) => {
      const own = rows.filter(
        (row) => row.system === name && row.viewers === 100 && row['p50 ms'] !== undefined,
      )
      const points = (column: string) =>
        own.map((row): Point => [number(row, 'events per second'), number(row, column)])
      return [
        { name: `${name} p50`, color, points: points('p50 ms') },
        { name: `${name} p99`, color, isDashed: true, points: points('p99 ms') },
      ]
    }),
  })
  return {
    text: `Each event is heard by 10 viewers (by 1 where there is 1), 1,000 events/s and more are posted in batches of 20.\n\n${markdownTable(table)}\n\n${image(file, 'Latency by rate')}\n\n${markdownTable(rows, details)}`,
    charts: { [`performance-${file}.svg`]: chart },
  }
}

function ratioText(ratio: number): string {
  return Number.isFinite(ratio) ? String(Number(ratio.toPrecision(2))) : '–'
}

function capacity(rows: Rows, file: string): Section {
  const series = namesOf(rows).map((name, color): Series => {
    const own = rows.filter(({ system }) => system === name)
    const points = own.map(
      (row): Point => [number(row, 'deliveries per second'), number(row, 'deliveries per CPU second')],
    )
    return { name, color, points }
  })
  const chart = lineChart({
    title: 'Deliveries per CPU second of the server, without Kafka',
    x: { label: 'deliveries per second', isLog: true },
    y: { label: 'per CPU second', isLog: true },
    series,
  })
  return {
    text: `${markdownTable(rows)}\n\n${image(file, 'Deliveries per CPU second')}`,
    charts: { [`performance-${file}.svg`]: chart },
  }
}

function soak(rows: Rows, file: string): Section {
  const [summary = {}, ...samples] = rows
  const over = (column: string, name: string, color: number): Series => ({
    name,
    color,
    points: samples.map((row): Point => [number(row, 'minute'), number(row, column)]),
  })
  const x = { label: 'minutes' }
  const memory = lineChart({
    title: 'Memory of the stack',
    x,
    y: { label: 'MB' },
    series: [over('resident MB', 'resident', 0), over('heap after collection MB', 'heap', 1)],
  })
  const times = lineChart({
    title: 'POST to the callback of the client',
    x,
    y: { label: 'ms', isLog: true },
    series: [over('p50 ms', 'p50', 0), over('p99 ms', 'p99', 1)],
  })
  const facts = Object.entries(summary).map(([what, value]) => ({ what, value }))
  const memoryFile = `${file}-memory`
  return {
    text: `${markdownTable(facts)}\n\n${image(file, 'Latency over time')}\n\n${image(memoryFile, 'Memory over time')}`,
    charts: { [`performance-${file}.svg`]: times, [`performance-${memoryFile}.svg`]: memory },
  }
}

/** A summary, a row for each series, and the samples of which the series are made. */
function age(rows: Rows, file: string): Section {
  const [summary = {}, ...others] = rows
  const trends = others.filter(({ series }) => series !== undefined)
  const samples = others.filter(({ minute }) => minute !== undefined)
  const facts = Object.entries(summary).map(([what, value]) => ({ what, value }))
  const chartOf = (title: string, y: Axis, columns: readonly string[]) =>
    lineChart({
      title,
      x: { label: 'minutes' },
      y,
      series: columns.map((column, color): Series => {
        const measured = samples.filter((row) => row[column] !== undefined)
        const points = measured.map((row): Point => [number(row, 'minute'), number(row, column)])
        return { name: column.replace(/ (ms|MB)$/, ''), color, points }
      }),
    })
  const columns = [...new Set(samples.flatMap((row) => Object.keys(row)))]
  const disk = columns.filter((column) => column.startsWith('disk of '))
  const charts = {
    [`performance-${file}-disk.svg`]: chartOf('Disk', { label: 'MB' }, disk),
    [`performance-${file}-memory.svg`]: chartOf('Memory', { label: 'MB' }, ['resident MB', 'heap MB']),
    [`performance-${file}-times.svg`]: chartOf('Delivery and reads', { label: 'ms', isLog: true }, [
      'delivery p50 ms',
      'delivery p99 ms',
      'newest page p50 ms',
      'search p50 ms',
      'since an old cursor p50 ms',
      'view p50 ms',
    ]),
  }
  const images = ['disk', 'memory', 'times'].map((part) => image(`${file}-${part}`, `${part} over time`))
  return { text: [markdownTable(facts), markdownTable(trends), ...images].join('\n\n'), charts }
}

function image(file: string, text: string): string {
  return `![${text}](images/performance-${file}.svg)`
}
