import { afterAll, beforeAll, describe } from 'vitest'
import { s3Archive } from '#shared/adapters/s3/s3-archive.ts'
import { describeArchive } from '#shared/testing/contracts/archive.contract.ts'
import { pythonTool } from '../support/python-tool.ts'
import { type Moto, startMoto } from './start-moto.ts'

const BUCKET = 'archive'
const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' }
const motoServer = pythonTool('moto_server')

// Where there is no moto, `npm run test:deploy` prints so.
describe.skipIf(motoServer === null)('on the S3 of moto', () => {
  let moto: Moto
  beforeAll(async () => {
    moto = await startMoto(motoServer ?? '')
    await fetch(`${moto.endpoint}/${BUCKET}`, { method: 'PUT' })
  })
  afterAll(() => moto?.stop())

  describeArchive('in S3', () => s3Archive({ aws: AWS, bucket: BUCKET, endpoint: moto.endpoint }))
})
