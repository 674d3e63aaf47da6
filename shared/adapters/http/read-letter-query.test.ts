import { describe, expect, test } from 'vitest'
import { readLetterQuery, readPosition } from './read-letter-query.ts'

describe('the query of dead letters', () => {
  test('asks for the open ones by default', () => {
    expect(readLetterQuery({})).toEqual({ filter: { status: ['open'] }, limit: 50, after: undefined })
  })

  test('restricts them by lists, times and text', () => {
    const query = {
      topic: 'a,b',
      code: 'forged,too_large',
      consumer: 'fold',
      status: 'open,discarded',
      source: '/s',
      type: 'port.**',
      from: '2026-11-21T08:00:00Z',
      to: '2026-11-21T09:00:00Z',
      q: 'rust',
      limit: '7',
      next: 'n',
    }
    expect(readLetterQuery(query)).toEqual({
      filter: {
        topic: ['a', 'b'],
        code: ['forged', 'too_large'],
        consumer: ['fold'],
        status: ['open', 'discarded'],
        source: ['/s'],
        type: ['port.**'],
        from: Date.parse('2026-11-21T08:00:00Z'),
        to: Date.parse('2026-11-21T09:00:00Z'),
        q: 'rust',
      },
      limit: 7,
      after: 'n',
    })
  })

  test.each([
    [{ code: 'poison' }, '/code'],
    [{ consumer: 'me' }, '/consumer'],
    [{ status: 'lost' }, '/status'],
    [{ from: 'yesterday' }, '/from'],
    [{ limit: '0' }, '/limit'],
    [{ reason: 'x' }, '/reason'],
    [{ source: Array.from({ length: 60 }, (_, n) => n).join(',') }, '/source'],
  ])('is refused if it is %j', (query, pointer) => {
    expect(() => readLetterQuery(query)).toThrow(
      expect.objectContaining({ code: 'malformed', faults: [expect.objectContaining({ pointer })] }),
    )
  })
})

describe('the position in a path', () => {
  test('is a topic and two numbers', () => {
    const position = { topic: 't', partition: 1, offset: 12 }
    expect(readPosition({ topic: 't', partition: '1', offset: '12' })).toEqual(position)
  })

  test.each([
    ['x', '1'],
    ['1', '-1'],
    ['1', ''],
  ])('is refused if it is %s and %s', (partition, offset) => {
    expect(() => readPosition({ topic: 't', partition, offset })).toThrow('A position is')
  })
})
