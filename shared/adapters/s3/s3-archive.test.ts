import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeArchive } from '#shared/testing/contracts/archive.contract.ts'
import { type S3, startS3 } from '#shared/testing/s3/start-s3.ts'
import { s3Archive } from './s3-archive.ts'

const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' }
const BYTES = Buffer.from('bytes')

let s3: S3
beforeAll(async () => {
  s3 = await startS3()
})
afterAll(() => s3.stop())

const open = () => s3Archive({ aws: AWS, bucket: 'bucket', endpoint: s3.endpoint, pausesMs: [0, 0] })
const refuse = (status: number, code: string) => {
  s3.intercept('before', ({ response }) =>
    response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`),
  )
}

describeArchive('in S3', open)

describe('the archive in S3', () => {
  test('asks for a page of keys with its parameters in the order of their names', async () => {
    await open().list('events/0/', 'events/0/00000000000000000001')

    expect(s3.asked.at(-1)).toBe(
      'GET /bucket/?list-type=2&max-keys=1000&prefix=events%2F0%2F&start-after=events%2F0%2F00000000000000000001',
    )
  })

  test('asks again when S3 wants a slower rate or breaks the connection', async () => {
    refuse(503, 'SlowDown')
    s3.intercept('before', ({ response }) => response.destroy())

    expect(await open().put('again/0/a', BYTES)).toBe(true)
  })

  test('has put what was stored although the response was lost', async () => {
    s3.intercept('after', ({ response }) => response.destroy())

    expect(await open().put('lost/0/a', BYTES)).toBe(true)
  })

  test('throws what S3 says when it refuses, and when it is never there', async () => {
    refuse(403, 'AccessDenied')
    await expect(open().put('refused/0/a', BYTES)).rejects.toThrow(
      'S3 refused PUT refused/0/a: AccessDenied (403)',
    )
    for (let tries = 0; tries < 3; tries++) refuse(503, 'SlowDown')
    await expect(open().get('refused/0/a')).rejects.toThrow('S3 refused GET refused/0/a: SlowDown (503)')
  })

  test('takes no key that would have to be encoded', async () => {
    await expect(open().put('a b/0/a', BYTES)).rejects.toThrow('a b/0/a is no key of the archive')
  })
})
