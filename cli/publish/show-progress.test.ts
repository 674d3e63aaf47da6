import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type Progress, showProgress } from './show-progress.ts'

async function show(tty: boolean, progress: Progress): Promise<string> {
  const stderr = Object.assign(new PassThrough(), { isTTY: tty, columns: 100 })
  const view = showProgress({ stderr, read: () => progress, everyMs: 20 })
  await sleep(150)
  view.note('a note')
  view.stop()
  return String(stderr.read())
}

it('writes plain lines where there is no terminal', async () => {
  const text = await show(false, { share: 0.25, published: 1500 })
  expect(text).toMatch(/^1,500 events published \(25 % of the input\), [\d,]+\/s\n/)
  expect(text).toContain('\na note\n')
  expect(text).not.toContain('\u001b')
})

it('writes plain lines on a terminal when the end is not known', async () => {
  expect(await show(true, { share: null, published: 1 })).toMatch(/^1 event published, [\d,]+\/s\n/)
})

it('draws a bar on a terminal', async () => {
  const text = await show(true, { share: 0.25, published: 1500 })
  expect(text).toContain('25 % | 1,500 published')
  expect(text).toContain('█')
  expect(text).toContain('a note\n')
})
