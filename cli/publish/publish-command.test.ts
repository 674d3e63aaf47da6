import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeOptions, type FakeStack, startFakeStack } from '../testing/fake-stacks.ts'
import { instantClock, type RunOptions, startInProcess } from '../testing/run-in-process.ts'

const require = createRequire(import.meta.url)
const SP500 = join(dirname(require.resolve('vega-datasets')), '../data/sp500.csv')

let stack: FakeStack
let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidewire-cli-'))
  stack = await startFakeStack({ partitions: 2 })
})
afterEach(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true })
})

/** Replaces the stack with one of other options. */
async function use(options: FakeOptions): Promise<void> {
  await stack.stop()
  stack = await startFakeStack(options)
}

/** Writes an input file and returns its path. */
function file(name: string, text: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const start = (args: readonly string[], options?: RunOptions) =>
  startInProcess(['publish', ...args, '--url', stack.url], options)
const publish = (args: readonly string[], options?: RunOptions) => start(args, options).ended

describe('formats', () => {
  it('sends events of NDJSON as they are and fills what is missing', async () => {
    const path = file(
      'in.ndjson',
      '{"type":"a","data":1}\n\n{"specversion":"1.0","type":"b","id":"x","source":"/s"}',
    )
    const ran = await publish([path])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^published 2 of 2 records \(0 refused\) to 1 topic in \d+\.\d s\n$/)
    expect(stack.accepted[0]).toEqual({
      specversion: '1.0',
      type: 'a',
      data: 1,
      source: '/tidewire-cli/in.ndjson',
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect(stack.accepted[1]).toEqual({ specversion: '1.0', type: 'b', id: 'x', source: '/s' })
    expect(stack.requests[0]?.headers).toMatchObject({
      'content-type': 'application/cloudevents-batch+json',
      'x-api-key': 'local-dev-key',
    })
  })
  it('keeps every digit of the numbers of JSON, NDJSON and CSV', async () => {
    const data = '{"id":820982911946154508,"deep":[1e400,-18446744073709551616,-0]}'
    await publish([file('a.json', `[{"type":"a","data":${data}}]`)])
    await publish([file('one.json', `{"type":"a",\n"data":${data}}`)])
    await publish([file('in.ndjson', `{"type":"a","data":${data}}\n`)])
    const template = [
      '--type',
      'a',
      '--id-field',
      'id',
      '--subject',
      'n-{id}',
      '--set',
      'set=820982911946154508',
    ]
    await publish([file('plain.ndjson', `${data}\n${data.replace('508', '509')}\n`), ...template])
    await publish([file('in.csv', 'id\n820982911946154508\n'), '--type', 'a'])

    const sent = stack.accepted.map((event) => JSON.stringify(event.data))
    const set = '"set":"820982911946154508"}'
    expect(sent.slice(0, 5)).toEqual([data, data, data, data.replace(/}$/, `,${set}`), expect.any(String)])
    expect(sent[5]).toBe('{"id":"820982911946154508"}')
    expect(stack.accepted.slice(3, 5)).toMatchObject([
      { id: '820982911946154508', subject: 'n-820982911946154508' },
      { id: '820982911946154509', subject: 'n-820982911946154509' },
    ])
  })
  it('gives records whose numbers differ in the last digit different ids', async () => {
    await publish([file('in.ndjson', '{"n":820982911946154508}\n{"n":820982911946154509}\n'), '--type', 'a'])
    const ids = stack.accepted.map(({ id }) => id)
    expect(new Set(ids).size).toBe(2)
    expect(ids).not.toContain(expect.stringMatching(/-2$/))
  })
  it('refuses a number where a record must be', async () => {
    const ran = await publish([file('in.ndjson', '820982911946154508\n'), '--type', 'a'])
    expect(ran.stderr).toContain('line 1 is not a JSON object')
  })
  it('reads a JSON array and a single pretty-printed JSON object', async () => {
    await publish([file('array.json', '[{"type":"a"},{"type":"b"}]')])
    await publish([file('one.json', JSON.stringify({ type: 'c' }, null, 2))])
    expect(stack.accepted.map(({ type }) => type)).toEqual(['a', 'b', 'c'])
  })
  it('reads CSV with a BOM, quoted cells, numbers and empty cells', async () => {
    await publish([
      file('in.csv', '\ufeffname,zip,n,ok,gone\r\n"a, ""b""",00501,1.5,true,\r\n'),
      '--type',
      'row',
    ])
    expect(stack.accepted[0]?.data).toEqual({ name: 'a, "b"', zip: '00501', n: 1.5, ok: true })
  })
  it.each([
    ['NDJSON', '{"type":"a"}\n{"type":"b"}\n', 2],
    ['a JSON array', ' [\n{"type":"a"},{"type":"b"}]', 2],
    ['a JSON object over several lines', '{\n"type":"a"\n}', 1],
    ['NDJSON of one line', '{"type":"a"}', 1],
    ['CSV', 'type,subject\na,1\nb,2\n', 2],
    ['nothing', '', 0],
  ])('recognises %s on stdin', async (_, stdin, count) => {
    const ran = await publish(['-'], { stdin })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(stack.accepted).toHaveLength(count)
  })
  it('sends what arrives on a slow stdin without waiting for a full batch', async () => {
    const stdin = new PassThrough()
    const running = start(['-'], { stdin })
    stdin.write('{"type":"a"}\n')
    await expect.poll(() => stack.accepted.length).toBe(1)
    stdin.end('{"type":"b"}\n')
    expect((await running.ended).code).toBe(0)
    expect(stack.accepted).toHaveLength(2)
  })
  it('reports lines that are no records, sends the rest, and ends with 1', async () => {
    const lines = Buffer.concat([
      Buffer.from('{"type":"a"}\n{oops\n[1]\n'),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
    ])
    const ran = await publish([file('in.ndjson', Buffer.concat([lines, Buffer.from('{"type":"b"}\n')]))])
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('published 2 of 5 records (3 refused)')
    expect(ran.stderr).toMatch(
      /refused: line 2 is not JSON: .*\nrefused: line 3 is not a JSON object\nrefused: line 4 is not UTF-8/,
    )
  })
  it.each([
    ['UTF-8 with a mark', Buffer.from('\ufeffname,n\nMüller,1\n'), []],
    ['UTF-16 with a mark, little-endian', Buffer.from('\ufeffname,n\r\nMüller,1\r\n', 'utf16le'), []],
    ['UTF-16 with a mark, big-endian', Buffer.from('\ufeffname,n\nMüller,1\n', 'utf16le').swap16(), []],
    ['UTF-16 without a mark', Buffer.from('name,n\nMüller,1\n', 'utf16le'), ['--encoding', 'utf-16le']],
    ['Latin-1', Buffer.from('name,n\nMüller,1\n', 'latin1'), ['--encoding', 'latin1']],
    ['a mark that contradicts the option', Buffer.from('\ufeffname,n\nMüller,1\n'), ['--encoding', 'latin1']],
  ])('reads CSV in %s', async (_, bytes, options) => {
    const ran = await publish([file('in.csv', bytes), '--type', 'row', ...options])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(stack.accepted[0]?.data).toEqual({ name: 'Müller', n: 1 })
  })
  it.each([
    ['windows-1252', Buffer.from([0x80, 0x93]), '€“'],
    ['iso-8859-15', Buffer.from([0xa4]), '€'],
    ['shift_jis', Buffer.from([0x83, 0x65, 0x83, 0x5c]), 'テソ'],
    ['koi8-r', Buffer.from([0xcd, 0xc9, 0xd2]), 'мир'],
  ])('reads %s with --encoding, in NDJSON and JSON too', async (encoding, bytes, text) => {
    const [before, after] = [Buffer.from('{"type":"a","data":"'), Buffer.from('"}\n')]
    const line = Buffer.concat([before, bytes, after])
    await publish([file('in.ndjson', Buffer.concat([line, line])), '--encoding', encoding])
    await publish([
      file('in.json', Buffer.concat([Buffer.from('['), line, Buffer.from(']')])),
      '--encoding',
      encoding,
    ])
    expect(stack.accepted.map(({ data }) => data)).toEqual([text, text, text])
  })
  it('refuses rows of a CSV that are not UTF-8, and stores none of them with replaced characters', async () => {
    const bytes = Buffer.from('name,town\nMüller,Bonn\nSmith,Köln\nJones,Bath\n', 'latin1')
    const ran = await publish([file('in.csv', bytes), '--type', 'row'])
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(
      /refused: line 2 is not UTF-8: byte 2 is 0xfc; .*--encoding windows-1252 \(in the column "name"\)\n/,
    )
    expect(ran.stderr).toMatch(/refused: line 3 is not UTF-8: byte 2 is 0xf6; .* \(in the column "town"\)\n/)
    expect(stack.accepted.map(({ data }) => data)).toEqual([{ name: 'Jones', town: 'Bath' }])
  })
  it.each([
    [
      'a header',
      'h.csv',
      Buffer.from('größe\n1\n', 'latin1'),
      'the CSV header (line 1) is not UTF-8: byte 3 is 0xf6',
    ],
    [
      'a JSON document',
      'd.json',
      Buffer.from('[{"type":"a"},\n{"type":"ü"}]', 'latin1'),
      'line 2 is not UTF-8: byte 10 is 0xfc',
    ],
    ['UTF-16 without a mark', 'u.csv', Buffer.from('a,b\n1,2\n', 'utf16le'), 'give --encoding utf-16le'],
    [
      'UTF-16 of a big-endian machine',
      'u.json',
      Buffer.from('[{"type":"a"}]', 'utf16le').swap16(),
      'give --encoding utf-16be',
    ],
    ['UTF-32', 'w.csv', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 'is UTF-32; convert it'],
    [
      'half a character of UTF-16',
      'o.csv',
      Buffer.concat([Buffer.from('\ufeffa\nb\nc', 'utf16le'), Buffer.from([0xd8])]),
      'line 3 is not utf-16le',
    ],
  ])('refuses %s that is of another encoding as a whole', async (_, name, bytes, reason) => {
    const ran = await publish([file(name, bytes), '--type', 'row'])
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) })
    expect(stack.accepted).toEqual([])
  })
  it('refuses a line of NDJSON with its byte, and an encoding that does not exist', async () => {
    const line = Buffer.from('{"type":"ü"}\n', 'latin1')
    const ran = await publish([file('in.ndjson', Buffer.concat([line, Buffer.from('{"type":"b"}\n')]))])
    expect(ran.stderr).toContain('refused: line 1 is not UTF-8: byte 10 is 0xfc; give its encoding')
    expect(stack.accepted).toHaveLength(1)
    const unknown = await publish([file('in.csv', 'a\n'), '--encoding', 'ebcdic'])
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('windows-1252') })
  })
  it.each([
    ['semicolons', 'in.csv', 'name;price;n\n"Müller; Söhne";1,5;2\n'],
    ['tabs', 'in.csv', 'name\tprice\tn\n"Müller; Söhne"\t1,5\t2\n'],
    ['tabs, by its name', 'in.tsv', 'name\tprice\tn\nMüller; Söhne\t1,5\t2\n'],
    ['bars', 'in.csv', 'name|price|n\nMüller; Söhne|1,5|2\n'],
    ["a line of Excel's own", 'in.csv', 'sep=;\r\nname;price;n\r\n"Müller; Söhne";1,5;2\r\n'],
    ['commas, with others in its header', 'in.csv', '"name","price","n"\n"Müller; Söhne","1,5",2\n'],
    ['semicolons, after a byte order mark', 'in.csv', '\ufeffname;price;n\r\n"Müller; Söhne";1,5;2\r\n'],
  ])('reads a file with %s, and takes no decimal comma for a number', async (_, name, text) => {
    expect(await publish([file(name, text), '--type', 'row'])).toMatchObject({ code: 0, stderr: '' })
    expect(stack.accepted[0]?.data).toEqual({ name: 'Müller; Söhne', price: '1,5', n: 2 })
  })
  it('keeps a quote within a cell of a file with tabs, and takes off those around one', async () => {
    const text = ['name\tsize', '5" pipe\t"a ""b"" c"', 'x\t2', ''].join('\n')
    expect(await publish([file('in.tsv', text), '--type', 'row'])).toMatchObject({ code: 0, stderr: '' })
    expect(stack.accepted.map(({ data }) => data)).toEqual([
      { name: '5" pipe', size: 'a "b" c' },
      { name: 'x', size: 2 },
    ])
  })
  it('takes the delimiter that is given, and refuses what can be none', async () => {
    await publish([file('in.csv', 'a;b,c\n1;2,3\n'), '--type', 'row', '--delimiter', ';'])
    await publish([file('in.txt', 'a\tb\n1\t2\n'), '--type', 'row', '--format', 'csv', '--delimiter', '\\t'])
    expect(stack.accepted.map(({ data }) => data)).toEqual([
      { a: 1, 'b,c': '2,3' },
      { a: 1, b: 2 },
    ])
    const wrong = await publish([file('in.csv', 'a\n'), '--delimiter', ';;'])
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('Give one character') })
  })
  it('refuses a CSV row that does not fit the header and a header with a column twice', async () => {
    const ran = await publish([file('in.csv', 'a,b\n1,2\n3\n4,5\n'), '--type', 'row'])
    expect(ran.stderr).toContain('refused: line 3 is not a CSV row')
    expect(ran.stdout).toContain('published 2 of 3 records (1 refused)')
    const twice = await publish([file('twice.csv', 'a,a\n1,2\n'), '--type', 'row'])
    expect(twice).toMatchObject({ code: 1, stderr: expect.stringContaining('has the column "a" twice') })
    const open = await publish([file('open.csv', `a\n"1\n${'2\n'.repeat(600_000)}`), '--type', 'row'])
    expect(open).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tidewire: .*is a quote left open\?\n$/),
    })
  })
})

describe('warnings of the server', () => {
  const ahead = (index?: number) => ({
    ...(index !== undefined && { index }),
    pointer: '/time',
    detail: 'is ahead',
  })
  const placed = { id: 'x', source: '/s', topic: 'events', partition: 0, offset: 0 }
  it('are printed with their lines, and the events count as published', async () => {
    const body = { accepted: 2, events: [placed, placed], warnings: [ahead(1)] }
    await use({ decide: () => ({ status: 202, body }) })
    const ran = await publish([file('in.ndjson', '{"type":"a"}\n\n{"type":"b"}\n'), '--json'])
    expect(ran).toMatchObject({ code: 0, stderr: 'warning: line 3 /time: is ahead\n' })
    expect(JSON.parse(ran.stdout)).toMatchObject({
      published: 2,
      warned: 1,
      warnings: [{ at: 'line 3', detail: '/time: is ahead' }],
    })
  })
  it('name no index in a batch of one event', async () => {
    const body = { accepted: 1, events: [placed], warnings: [ahead()] }
    await use({ decide: () => ({ status: 202, body }) })
    const ran = await publish([file('in.ndjson', '{"type":"a"}\n')])
    expect(ran).toMatchObject({ code: 0, stderr: 'warning: line 1 /time: is ahead\n' })
  })
})

describe('mapping', () => {
  it('maps S&P 500 prices to market ticks with a literal subject and a time', async () => {
    const args = [
      '--type',
      'market.tick',
      '--category',
      'market.tick',
      '--subject',
      'SP500',
      '--time-field',
      'date',
    ]
    const ran = await publish([SP500, ...args, '--set', 'symbol=SP500'])
    expect(ran.stdout).toContain('published 123 of 123 records (0 refused) to 1 topic')
    expect(stack.accepted[0]).toMatchObject({
      type: 'market.tick',
      category: 'market.tick',
      subject: 'SP500',
      source: '/tidewire-cli/sp500.csv',
      time: '2000-01-01T00:00:00.000Z',
      data: { date: 'Jan 1 2000', price: 1394.46, symbol: 'SP500' },
    })
    expect(new Set(stack.accepted.map(({ id }) => id)).size).toBe(123)
  })
  it('publishes every GitHub webhook example under the type of its event', async () => {
    const path = require.resolve('@octokit/webhooks-examples/api.github.com/index.json')
    const hooks: { name: string; examples: unknown[] }[] = JSON.parse(readFileSync(path, 'utf8'))
    const events = hooks.flatMap(({ name, examples }) =>
      examples.map((data) => ({ type: `github.${name}`, category: `github.${name}`, data })),
    )
    const ran = await publish([
      file('github.ndjson', events.map((event) => JSON.stringify(event)).join('\n')),
    ])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(stack.accepted.map(({ type, data }) => ({ type, category: type, data }))).toEqual(events)
  })
  it('takes subject, key, id and nested fields from the record', async () => {
    const path = file('in.ndjson', '{"n":7,"repo":{"name":"tide"},"kind":"push"}\n')
    const fields = ['--subject-field', 'repo.name', '--partition-key', 'repo.name', '--id-field', 'n']
    await publish([path, '--type', 'github.{kind}', ...fields])
    expect(stack.accepted[0]).toMatchObject({
      type: 'github.push',
      subject: 'tide',
      partitionkey: 'tide',
      id: '7',
    })
  })
  it('refuses a record that lacks a field, and a first record without any type', async () => {
    const ran = await publish([file('in.csv', 'a,b\n1,2\n3,\n'), '--type', 't', '--partition-key', 'b'])
    expect(ran).toMatchObject({ code: 1, stderr: 'refused: line 3 has no field "b"\n' })
    const untyped = await publish([file('plain.csv', 'a\n1\n')])
    expect(untyped).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('give their type') })
  })
  it('prints what it would send with --dry-run and sends nothing', async () => {
    const ran = await publish([SP500, '--type', 'market.tick', '--dry-run'])
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).type),
    ).toEqual(Array(5).fill('market.tick'))
    expect(ran).toMatchObject({ code: 0, stderr: 'dry run: nothing was sent\n' })
    expect(stack.requests).toHaveLength(0)
  })
})

describe('ids', () => {
  it('adds nothing on a second run, and keeps identical rows apart', async () => {
    const path = file('in.csv', 'a,b\n1,2\n1,2\n2,1\n1,2\n')
    await publish([path, '--type', 't'])
    const first = stack.accepted.map(({ id }) => id)
    const again = await publish([path, '--type', 't'])
    expect(again.stdout).toContain('published 4 of 4 records')
    expect(stack.accepted.map(({ id }) => id)).toEqual(first)
    expect(first).toEqual([first[0], `${first[0]}-2`, first[2], `${first[0]}-3`])
  })
})

describe('responses of the server', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, n) => `{"type":"t","data":${n}}`).join('\n')

  it('sends the good events of a batch without the refused ones and names their lines', async () => {
    await use({
      decide: ({ events }) => {
        const errors = events.flatMap(({ data }, index) =>
          data === 1 || data === 3 ? [{ index, pointer: '/data', detail: 'is odd' }] : [],
        )
        return errors.length > 0 ? { status: 422, body: { errors } } : null
      },
    })
    const ran = await publish([file('in.ndjson', lines(5)), '--json'])
    expect(ran.code).toBe(1)
    expect(ran.stderr).toBe('refused: line 2 /data: is odd\nrefused: line 4 /data: is odd\n')
    expect(JSON.parse(ran.stdout)).toMatchObject({
      records: 5,
      published: 3,
      refused: 2,
      topics: { events: { 0: 3 } },
      refusals: [
        { at: 'line 2', detail: '/data: is odd' },
        { at: 'line 4', detail: '/data: is odd' },
      ],
    })
    expect(stack.accepted.map(({ data }) => data)).toEqual([0, 2, 4])
  })
  it('finds the refused event by halves when the answer does not name it', async () => {
    await use({
      decide: ({ events }) =>
        events.some(({ data }) => data === 5) ? { status: 413, body: { detail: 'is too large' } } : null,
    })
    const ran = await publish([file('in.ndjson', lines(9))])
    expect(ran).toMatchObject({ code: 1, stderr: 'refused: line 6 is too large\n' })
    expect(stack.accepted.map(({ data }) => data)).toEqual([0, 1, 2, 3, 4, 6, 7, 8])
  })
  it('tries again after 503, 429 with Retry-After and a broken connection', async () => {
    const answers = [{ status: 503 }, { status: 429, headers: { 'retry-after': '1' } }, 'drop'] as const
    const clock = instantClock()
    const times: number[] = []
    await use({
      decide: (_, index) => {
        times.push(clock.now())
        return answers[index] ?? null
      },
    })
    const ran = await publish([file('in.ndjson', lines(3))], { clock })
    expect(ran.code).toBe(0)
    expect(stack.accepted).toHaveLength(3)
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(1000)
    expect(ran.stderr).toMatch(
      /answered 503; trying again in .*\n.*answered 429; trying again in .*\n.*trying again/,
    )
  })
  it('takes no 2xx without positions for an acceptance, and tries again once the stack has accepted others', async () => {
    const error = { errorMessage: 'Task timed out after 10.00 seconds' }
    const answers = [null, { status: 200, body: error }, { status: 202, body: error }] as const
    await use({ decide: (_, index) => answers[index] ?? null })
    const ran = await publish([file('in.ndjson', lines(600))])
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('answered 200; trying again') })
    expect(ran.stderr).toContain('answered 202 without the positions of the events; trying again')
    expect(stack.accepted).toHaveLength(600)
    await use({ decide: () => ({ status: 200, body: error }) })
    expect((await publish([file('in.ndjson', lines(1))])).code).toBe(1)
  })
  it('tries again after a 409 with Retry-After, because an attempt that was cut is still being written', async () => {
    const headers = { 'retry-after': '1' }
    await use({ decide: (_, index) => [{ status: 503 }, { status: 409, headers }][index] ?? null })
    expect((await publish([file('in.ndjson', lines(2))])).code).toBe(0)
    expect(stack.accepted).toHaveLength(2)
  })
  it('gives up when a batch is not accepted in time, and says what was published', async () => {
    await use({
      decide: (_, index) => (index === 0 ? null : { status: 503, headers: { 'retry-after': '30' } }),
    })
    const ran = await publish([file('in.ndjson', lines(600)), '--timeout', '2'])
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('published 500 of 600 records (0 refused)')
    expect(ran.stderr).toContain('did not accept a batch within 2 s (it answered 503)')
  })
  it('ends reading a silent stdin when the server refuses', async () => {
    await use({ decide: () => ({ status: 401 }) })
    const stdin = new PassThrough()
    stdin.write('{"type":"a"}\n')
    const ran = await publish(['-'], { stdin })
    expect(ran).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('the API key (of the local stack) was refused'),
    })
    expect(stack.requests).toHaveLength(1)
  })
  it('waits for a stack that restarts in the middle', async () => {
    const { port } = new URL(stack.url)
    const stdin = new PassThrough()
    const running = start(['-'], { stdin })
    stdin.write('{"type":"a"}\n')
    await expect.poll(() => stack.accepted.length).toBe(1)
    await stack.stop()
    stdin.end('{"type":"b"}\n')
    await expect.poll(running.stderr).toContain('trying again')
    await use({ port: Number(port) })
    expect((await running.ended).code).toBe(0)
    expect(stack.accepted.map(({ type }) => type)).toEqual(['b'])
  })
  it('says in one line that the stack cannot be reached', async () => {
    await stack.stop()
    const ran = await publish([file('in.ndjson', lines(1))])
    const line = `tidewire: Cannot reach ${stack.url} — is the stack running? Start it with: npm start\n`
    expect(ran).toEqual({ code: 3, stdout: '', stderr: line })
  })
})

describe('limits', () => {
  it('keeps batches within 500 events and 900 KB, and refuses an event over 128 KB', async () => {
    const small = Array.from({ length: 1100 }, (_, n) => JSON.stringify({ type: 's', data: n }))
    const large = Array.from({ length: 20 }, (_, n) =>
      JSON.stringify({ type: 'l', data: `${n}${'x'.repeat(100_000)}` }),
    )
    const tooLarge = JSON.stringify({ type: 'x', data: 'x'.repeat(131_072) })
    const longLine = JSON.stringify({ type: 'x', data: 'x'.repeat(2_000_000) })
    const ran = await publish([
      file('in.ndjson', [...small, ...large, tooLarge, longLine, small[0]].join('\n')),
    ])
    expect(Math.max(...stack.requests.map(({ events }) => events.length))).toBe(500)
    expect(Math.max(...stack.requests.map(({ bytes }) => bytes))).toBeLessThanOrEqual(900 * 1024)
    expect(stack.accepted).toHaveLength(1121)
    expect(ran.stderr).toMatch(
      /^refused: line 1121 makes an event of 129 KB.*\nrefused: line 1122 is longer than 1 MB\n$/,
    )
  })
  it('stops after --limit records and keeps to --rate', async () => {
    const stdin = new PassThrough()
    stdin.write('{"type":"a"}\n'.repeat(100))
    const clock = instantClock()
    const startedAt = clock.now()
    const ran = await publish(['-', '--limit', '21', '--rate', '100'], { stdin, clock })
    expect(ran.stdout).toContain('published 21 of 21 records')
    expect(clock.now() - startedAt).toBeGreaterThan(150)
    expect(clock.now() - startedAt).toBeLessThanOrEqual(200)
  })
  it('ends on an interrupt with what was published', async () => {
    const interrupted = new AbortController()
    const stdin = new PassThrough()
    stdin.write('{"type":"a"}\n')
    const running = start(['-'], { stdin, signal: interrupted.signal })
    await expect.poll(() => stack.accepted.length).toBe(1)
    interrupted.abort(new Error('interrupted'))
    const ran = await running.ended
    expect(ran).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('interrupted; run the same command again'),
    })
    expect(ran.stdout).toContain('published 1 of 1 record ')
  })
})
