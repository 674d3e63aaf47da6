import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { preparePublish } from '../testing/prepare-publish.ts'

const require = createRequire(import.meta.url)
const SP500 = join(dirname(require.resolve('vega-datasets')), '../data/sp500.csv')
const { file, publish, stack } = preparePublish()

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
    expect(stack().accepted[0]).toMatchObject({
      type: 'market.tick',
      category: 'market.tick',
      subject: 'SP500',
      source: 'urn:tidewire:publish:sp500.csv',
      time: '2000-01-01T00:00:00.000Z',
      data: { date: 'Jan 1 2000', price: 1394.46, symbol: 'SP500' },
    })
    expect(new Set(stack().accepted.map(({ id }) => id)).size).toBe(123)
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
    expect(stack().accepted.map(({ type, data }) => ({ type, category: type, data }))).toEqual(events)
  })
  it('takes subject, key, id and nested fields from the record', async () => {
    const path = file('in.ndjson', '{"n":7,"repo":{"name":"tide"},"kind":"push"}\n')
    const fields = ['--subject-field', 'repo.name', '--partition-key', 'repo.name', '--id-field', 'n']
    await publish([path, '--type', 'github.{kind}', ...fields])
    expect(stack().accepted[0]).toMatchObject({
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
    expect(stack().requests).toHaveLength(0)
  })
})

describe('ids', () => {
  it('adds nothing on a second run, and keeps identical rows apart', async () => {
    const path = file('in.csv', 'a,b\n1,2\n1,2\n2,1\n1,2\n')
    await publish([path, '--type', 't'])
    const first = stack().accepted.map(({ id }) => id)
    const again = await publish([path, '--type', 't'])
    expect(again.stdout).toContain('published 4 of 4 records')
    expect(stack().accepted.map(({ id }) => id)).toEqual(first)
    expect(first).toEqual([first[0], `${first[0]}-2`, first[2], `${first[0]}-3`])
  })
})
