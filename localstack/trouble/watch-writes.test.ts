import { expect, test } from 'vitest'
import { calmLog } from './calm-log.ts'
import { isWriteFailure, watchWrites } from './watch-writes.ts'

const failure = (more: object) => Object.assign(new Error('write failed'), more)
const fail = (error: Error) => () => {
  throw error
}

test('a disk that is full is told once, and once that there is space again', () => {
  const lines: string[] = []
  const disk = watchWrites({
    folder: '/data',
    consequence: 'writes are refused',
    log: (line) => lines.push(line),
  })
  const full = failure({ code: 'ENOSPC' })

  const results = [
    disk.attempt(fail(full), (reason) => reason),
    disk.attempt(fail(full), (reason) => reason),
    disk.attempt(
      () => 'written',
      (reason) => reason,
    ),
    disk.attempt(
      () => 'written',
      (reason) => reason,
    ),
  ]

  expect(results).toEqual(['the disk is full', 'the disk is full', 'written', 'written'])
  expect(lines).toEqual([
    'cannot write to /data: the disk is full; writes are refused',
    'writes to /data again',
  ])
})

test.each([
  [{ code: 'EDQUOT' }, 'the quota of the disk is used up'],
  [{ code: 'EROFS' }, 'the disk can only be read'],
  [{ code: 'ERR_SQLITE_ERROR', errcode: 13 }, 'the disk is full'],
  [{ code: 'ERR_SQLITE_ERROR', errcode: 778 }, 'the disk has an error, or is full'],
  [{ code: 'EWHATEVER' }, 'write failed'],
])('%o is %s', (code, words) => {
  const disk = watchWrites({ folder: '/data', consequence: '', log: () => {} })

  expect(disk.failed(failure(code))).toBe(words)
})

test('an error of a statement is no failed write', () => {
  expect([1, 13, 11, 19].map((errcode) => isWriteFailure(failure({ errcode })))).toEqual([
    false,
    true,
    false,
    false,
  ])
})

test('a line that is repeated is logged once a minute, whatever the ports and times in it', () => {
  const lines: string[] = []
  let now = 0
  const log = calmLog(
    (line) => lines.push(line),
    () => now,
  )

  for (const line of ['lost 127.0.0.1:40001', 'lost 127.0.0.1:40002', 'topic-1', 'topic-2']) log(line)
  now = 59_999
  log('lost 127.0.0.1:40003')
  now = 60_000
  log('lost 127.0.0.1:40004')

  expect(lines).toEqual(['lost 127.0.0.1:40001', 'topic-1', 'topic-2', 'lost 127.0.0.1:40004'])
})
