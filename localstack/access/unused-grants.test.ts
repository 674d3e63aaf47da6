import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createAccessCheck } from './access-check.ts'
import { accessKeyOf } from './caller.ts'
import { type Access, localArn } from './read-access.ts'
import type { RecordedCall } from './record-calls.ts'
import { unusedGrants } from './unused-grants.ts'

const LOG = localArn('dynamodb', 'table/log')
const statements = [
  { isDeny: false, actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: [LOG], keys: null },
  {
    isDeny: false,
    actions: ['dynamodb:PutItem'],
    resources: [LOG],
    keys: { patterns: ['heads#*', 'erased#*'], isExcept: false },
  },
  {
    isDeny: false,
    actions: ['execute-api:ManageConnections'],
    resources: [localArn('execute-api', 'Api/local/POST/@connections/*')],
    keys: null,
  },
  { isDeny: false, actions: ['logs:PutLogEvents'], resources: ['*'], keys: null },
]

it('what the calls of a run did not need is told by role, action, resource and key', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-calls-'))
  const recordTo = join(folder, 'calls.jsonl')
  const reader = { name: 'reader', role: 'ReaderRole', statements }
  const access: Access = { functions: { [accessKeyOf('reader')]: reader }, recordTo }
  const check = createAccessCheck(access, () => {})
  const call = (action: string, resource: string, key?: string) =>
    check({ accessKey: accessKeyOf('reader'), action, resource, keys: () => (key ? [key] : []) })

  for (let times = 0; times < 2; times++) {
    call('dynamodb:GetItem', LOG)
    call('dynamodb:PutItem', LOG, 'heads#port-events')
    call('dynamodb:Scan', LOG)
    call('execute-api:ManageConnections', localArn('execute-api', 'Api/local/POST/@connections/c1'))
  }
  const lines = (await readFile(recordTo, 'utf8')).trim().split('\n')
  const calls = lines.map((line): RecordedCall => JSON.parse(line))
  await rm(folder, { recursive: true })

  expect(calls.map(({ action, keys, isAllowed }) => [action, keys, isAllowed])).toEqual([
    ['dynamodb:GetItem', [], true],
    ['dynamodb:PutItem', ['heads#*'], true],
    ['dynamodb:Scan', [], false],
    ['execute-api:ManageConnections', [], true],
  ])
  expect(unusedGrants(access, calls)).toEqual([
    { role: 'ReaderRole', action: 'dynamodb:Query', resource: 'table/log', key: null },
    { role: 'ReaderRole', action: 'dynamodb:PutItem', resource: 'table/log', key: 'erased#*' },
  ])
})
