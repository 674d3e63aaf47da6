import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { preparePublish } from '../testing/prepare-publish.ts'

const { file, publish, stack, start } = preparePublish()

describe('formats', () => {
  it('sends events of NDJSON as they are and fills what is missing', async () => {
    const path = file(
      'in.ndjson',
      '{"type":"a","data":1}\n\n{"specversion":"1.0","type":"b","id":"x","source":"/s"}',
    )
    const ran = await publish([path])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^published 2 of 2 records \(0 refused\) to 1 topic in \d+\.\d s\n$/)
    expect(stack().accepted[0]).toEqual({
      specversion: '1.0',
      type: 'a',
      data: 1,
      source: 'urn:tidewire:publish:in.ndjson',
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect(stack().accepted[1]).toEqual({ specversion: '1.0', type: 'b', id: 'x', source: '/s' })
    expect(stack().requests[0]?.headers).toMatchObject({
      'content-type': 'application/cloudevents-batch+json',
      'x-api-key': 'local-dev-key',
    })
  })
  it('reads a JSON array and a single pretty-printed JSON object', async () => {
    await publish([file('array.json', '[{"type":"a"},{"type":"b"}]')])
    await publish([file('one.json', JSON.stringify({ type: 'c' }, null, 2))])
    expect(stack().accepted.map(({ type }) => type)).toEqual(['a', 'b', 'c'])
  })
  it('reads CSV with a BOM, quoted cells, numbers and empty cells', async () => {
    await publish([
      file('in.csv', '\ufeffname,zip,n,ok,gone\r\n"a, ""b""",00501,1.5,true,\r\n'),
      '--type',
      'row',
    ])
    expect(stack().accepted[0]?.data).toEqual({ name: 'a, "b"', zip: '00501', n: 1.5, ok: true })
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
    expect(stack().accepted).toHaveLength(count)
  })
  it('sends what arrives on a slow stdin without waiting for a full batch', async () => {
    const stdin = new PassThrough()
    const running = start(['-'], { stdin })
    stdin.write('{"type":"a"}\n')
    await expect.poll(() => stack().accepted.length).toBe(1)
    stdin.end('{"type":"b"}\n')
    expect((await running.ended).code).toBe(0)
    expect(stack().accepted).toHaveLength(2)
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
