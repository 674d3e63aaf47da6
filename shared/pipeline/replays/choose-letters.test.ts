import { describe, expect, test } from 'vitest'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { makeLetter } from '#shared/testing/dead-letters/letters.ts'
import { letterChooser } from './choose-letters.ts'

/** A store whose pages have one letter each. Reading a page takes a second. */
function createWorld(count: number) {
  let time = 0
  const list: DeadLetterStore['list'] = async ({ after = '0' }) => {
    time += 1000
    const offset = Number(after)
    const next = offset + 1 < count ? String(offset + 1) : null
    return { letters: [makeLetter({ offset })], next }
  }
  const choose = letterChooser({ deadLetters: { list }, topics: ['events'], now: () => 0 })
  return { choose: (untilMs: number) => choose({}, () => time >= untilMs) }
}

describe('the dead letters of a replay', () => {
  test('are read page by page, to the last one', async () => {
    const chosen = await createWorld(3).choose(10_000)

    expect(chosen.map(({ offset }) => offset)).toEqual([0, 1, 2])
  })

  test('are chosen if the last page is read just in time', async () => {
    expect(await createWorld(3).choose(3000)).toHaveLength(3)
  })

  test('are refused if they cannot all be read in the time of a request: how many were found, and what to do', async () => {
    await expect(createWorld(3).choose(2000)).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 2,
      message: expect.stringMatching(/2 were found in time.*Nothing was created.*"topic", "from" and "to"/),
    })
  })
})
