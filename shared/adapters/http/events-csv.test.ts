import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { port } from '#shared/domain/port/port.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { eventsCsv } from './events-csv.ts'

const { exported } = createCatalog([port])

const rowOf = (data: unknown, more: object = {}) => ({
  topic: 'container-events',
  partition: 0,
  offset: 1,
  event: makeEvent('e1', { type: 'port.container.damaged', subject: 'MSKU-1', data, ...more }),
})
const read = (text: string) => parse(text, { columns: true }) as Record<string, string>[]

test('an event is a row with its state and its data', () => {
  const state = { status: 'in-progress', assignee: 'anna', isDeleted: false }
  const text = eventsCsv([{ ...rowOf({ title: 'Dent, "deep"', priority: 'urgent' }), state }], exported)

  expect(text.split('\r\n')[0]).toBe(
    'id,time,category,severity,type,subject,source,status,assignee,priority,title,description,location,data',
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

test('without rows there is only a header', () => {
  expect(eventsCsv([], exported)).toMatch(/^id,.*,data\r\n$/)
})

test('no cell is a formula, and no text breaks a row', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('=1+1', '@SUM(A1)', '+x', '-x', '\tx', '\rx', 'a\r\nb', '"', ',', '=cmd|" /C calc"!A0'),
  )
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
        for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
        expect(row.title?.replace(/^'/, '')).toBe(made[index]?.title.replace(/^'/, ''))
      }
    }),
  )
})

test('a domain declares the columns between the attributes and the data', () => {
  const text = eventsCsv([rowOf({ depth: 7, title: 'Dent' })], ['depth', 'hull'])

  expect(text.split('\r\n')[0]).toBe('id,time,category,severity,type,subject,source,depth,hull,data')
  expect(read(text)).toMatchObject([{ depth: '7', hull: '', data: '{"depth":7,"title":"Dent"}' }])
})
