import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { port } from '#shared/domain/port/port.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { csvBytes, eventsCsv } from './events-csv.ts'

const { exported } = createCatalog([port])

const rowOf = (data: unknown, more: object = {}) => ({
  topic: 'container-events',
  partition: 0,
  offset: 1,
  event: makeEvent('e1', { type: 'port.container.damaged', subject: 'MSKU-1', data, ...more }),
})
const read = (text: string) => parse(text, { columns: true, bom: true }) as Record<string, string>[]

test('an event is a row with its state and its data', () => {
  const state = { status: 'in-progress', assignee: 'anna', isDeleted: false }
  const text = eventsCsv([{ ...rowOf({ title: 'Dent, "deep"', priority: 'urgent' }), state }], exported)

  expect(text.split('\r\n')[0]).toBe(
    '\ufeffid,time,category,severity,type,subject,source,status,assignee,priority,title,description,location,data,ahead',
  )
  expect(read(text)).toMatchObject([
    {
      id: 'e1',
      type: 'port.container.damaged',
      subject: 'MSKU-1',
      status: 'in-progress',
      assignee: 'anna',
      priority: 'urgent',
      title: 'Dent, "deep"',
      description: '',
      data: '{"title":"Dent, \\"deep\\"","priority":"urgent"}',
    },
  ])
})

test('the file begins with a byte order mark, so that a spreadsheet reads its umlauts', () => {
  const bytes = Buffer.from(eventsCsv([rowOf({ title: 'Öltank Nº 3 – groß' })], exported))
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
  expect(read(bytes.toString())).toMatchObject([{ title: 'Öltank Nº 3 – groß' }])
})

test('a row shows the time as it was sent, and that it is ahead of the log', () => {
  const leap = rowOf({}, { time: '2016-12-31T23:59:60Z' })
  const ahead = { ...rowOf({}, { time: '2099-01-01T00:00:00Z' }), ahead: true as const }
  expect(read(eventsCsv([leap, ahead], exported))).toMatchObject([
    { time: '2016-12-31T23:59:60Z', ahead: '' },
    { time: '2099-01-01T00:00:00Z', ahead: 'true' },
  ])
})

test('without rows there is only a header', () => {
  expect(eventsCsv([], exported)).toMatch(/^\ufeffid,.*,data,ahead\r\n$/)
})

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        '=',
        '+',
        '-',
        '@',
        '＝',
        '＠',
        '\t',
        '\r',
        '\n',
        ';',
        ',',
        '"',
        "'",
        ' ',
        '\\',
        'x',
        'cmd()',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('=1+1', '@SUM(A1)', 'a\r\nb', 'x;=cmd()', 'x;"=cmd()"', '=cmd|" /C calc"!A0', '\uff1d1+1'),
)

test('a text is the same after reading, but for apostrophes, and breaks no row', () => {
  const withoutApostrophes = (text = '') => text.replaceAll("'", '')
  fc.assert(
    fc.property(fc.array(fc.record({ title: nasty, subject: nasty }), { minLength: 1 }), (made) => {
      const rows = read(
        eventsCsv(
          made.map(({ title, subject }) => rowOf({ title }, { subject })),
          exported,
        ),
      )

      expect(rows).toHaveLength(made.length)
      for (const [index, row] of rows.entries()) {
        expect(withoutApostrophes(row.title)).toBe(withoutApostrophes(made[index]?.title))
        expect(JSON.parse(row.data ?? '')).toEqual({ title: made[index]?.title })
      }
    }),
  )
})

test('a usual text gets no apostrophe', () => {
  const texts = [
    'Dent - deep; 3 cm',
    'a=b',
    'mail@example.org',
    'Berth 7, north-east',
    'it is 5 + 3\nor more',
  ]
  const rows = read(
    eventsCsv(
      texts.map((title) => rowOf({ title })),
      exported,
    ),
  )

  expect(rows.map(({ title }) => title)).toEqual(texts)
})

test.each([',', ';', '\t'])(
  'no cell begins with a formula in a spreadsheet that splits at %j',
  (separator) => {
    const data = fc.oneof(
      fc.record({ title: nasty, location: nasty, other: fc.dictionary(nasty, nasty) }),
      fc.record({ title: fc.array(nasty), priority: fc.double({ noNaN: true }) }),
      nasty,
    )
    const made = fc.record({ id: nasty, subject: nasty, source: nasty, data, assignee: nasty })
    fc.assert(
      fc.property(fc.array(made, { minLength: 1, maxLength: 5 }), (events) => {
        const text = eventsCsv(
          events.map(({ id, subject, source, data, assignee }) => ({
            ...rowOf(data, { id, subject, source }),
            state: { assignee, isDeleted: false },
          })),
          exported,
        )

        for (const cell of cellsOf(text, separator)) {
          if (/^-\d[\d.e+-]*$/.test(cell)) continue
          expect(cell).not.toMatch(/^(?:[\s"]*[=+\-@＝＋－＠]|[\t\r])/)
        }
      }),
    )
  },
)

test('a number stays one, a text that looks like one is a text', () => {
  const [row] = read(eventsCsv([rowOf({ depth: -5, title: '-5' })], ['depth', 'title']))

  expect(row).toMatchObject({ depth: '-5', title: "'-5" })
})

/** Reads as a spreadsheet does: any line break ends a row, and quotes count only where they begin a cell. */
function cellsOf(text: string, separator: string): string[] {
  const cells: string[] = []
  const pattern = /\r\n|\r|\n/y
  for (let at = 0; at <= text.length; ) {
    let cell = ''
    if (text[at] === '"') {
      at++
      while (at < text.length && !(text[at] === '"' && text[at + 1] !== '"')) {
        cell += text[at]
        at += text[at] === '"' ? 2 : 1
      }
      at++
    }
    for (pattern.lastIndex = at; at < text.length && text[at] !== separator; pattern.lastIndex = ++at) {
      if (pattern.test(text)) break
      cell += text[at]
    }
    cells.push(cell)
    pattern.lastIndex = at
    at += pattern.exec(text)?.[0].length ?? 1
  }
  return cells
}

test('a domain declares the columns between the attributes and the data', () => {
  const text = eventsCsv([rowOf({ depth: 7, title: 'Dent' })], ['depth', 'hull'])

  expect(text.split('\r\n')[0]).toBe(
    '\ufeffid,time,category,severity,type,subject,source,depth,hull,data,ahead',
  )
  expect(read(text)).toMatchObject([{ depth: '7', hull: '', data: '{"depth":7,"title":"Dent"}' }])
})

test('a row takes no more of a response than what is counted for it, whatever its data is', () => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom('"', '\n', '\r', ';', '=', '\\', '\ud800', '€'), fc.string()),
  })
  const data = fc.record({ title: text, description: text, other: fc.jsonValue() })
  const header = JSON.stringify(eventsCsv([], exported)).length
  const property = fc.property(fc.array(data, { minLength: 1, maxLength: 5 }), (all) => {
    const rows = all.map((one) => rowOf(one))
    const counted = rows.reduce((sum, row) => sum + csvBytes(row, exported), header)

    expect(Buffer.byteLength(JSON.stringify(eventsCsv(rows, exported)))).toBeLessThanOrEqual(counted)
  })
  fc.assert(property, { numRuns: 1000 })
})

test('a number has every digit that was sent', () => {
  const data = parseExactJson('{"depth":820982911946154508,"more":[-18446744073709551616,1e400]}')
  const [row] = read(eventsCsv([rowOf(data)], ['depth']))

  expect(row).toMatchObject({
    depth: '820982911946154508',
    data: '{"depth":820982911946154508,"more":[-18446744073709551616,1e400]}',
  })
})
