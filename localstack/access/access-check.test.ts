import { describe, expect, it } from 'vitest'
import { createAccessCheck } from './access-check.ts'
import { accessKeyIn, accessKeyOf } from './caller.ts'
import { type Access, localArn, readAccess } from './read-access.ts'

const LOG = localArn('dynamodb', 'table/stack-log')
const READER = accessKeyOf('reader')

function accessWith(statements: readonly object[]): Access {
  return readAccess({
    service: 'stack',
    provider: {},
    functions: { reader: { handler: 'reader.handler', role: 'ReaderRole' } },
    resources: {
      Resources: {
        LogTable: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'stack-log' } },
        UserPool: { Type: 'AWS::Cognito::UserPool' },
        ReaderRole: {
          Type: 'AWS::IAM::Role',
          Properties: { Policies: [{ PolicyDocument: { Statement: statements } }] },
        },
      },
    },
  })
}

function checkWith(statements: readonly object[], lines: string[] = []) {
  return createAccessCheck(accessWith(statements), (line) => lines.push(line))
}

const table = { 'Fn::GetAtt': ['LogTable', 'Arn'] }
const onlyHeads = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['heads#*', 'epoch'] } }

describe('a call of a function', () => {
  it('is allowed where a statement of its role names action and resource', () => {
    const check = checkWith([
      { Effect: 'Allow', Action: ['dynamodb:Query', 'dynamodb:GetItem'], Resource: table },
    ])

    expect(check({ accessKey: READER, action: 'dynamodb:GetItem', resource: LOG })).toBeNull()
    expect(check({ accessKey: READER, action: 'dynamodb:PutItem', resource: LOG })).toBe(
      `The function reader is not authorized to perform dynamodb:PutItem on ${LOG}, because its role ReaderRole does not allow it.`,
    )
  })

  it('is refused with the function, the action, the resource and the key, which is logged once', () => {
    const lines: string[] = []
    const check = checkWith(
      [{ Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: table, Condition: onlyHeads }],
      lines,
    )
    const put = (key: string) =>
      check({ accessKey: READER, action: 'dynamodb:PutItem', resource: LOG, keys: () => [key] })

    expect(put('heads#port-events')).toBeNull()
    expect(put('port-events@1:0')).toContain(
      `reader is not authorized to perform dynamodb:PutItem on ${LOG} with the key "port-events@1:0"`,
    )
    put('port-events@1:1')
    expect(lines).toEqual([expect.stringContaining('AccessDenied: The function reader')])
  })

  it.each([
    [['heads#a', 'epoch'], true],
    [['heads#a', 'other'], false],
    [[], true],
  ])('with the keys %j is allowed only if one statement allows all of them: %j', (keys, isAllowed) => {
    const check = checkWith([
      { Effect: 'Allow', Action: 'dynamodb:BatchGetItem', Resource: table, Condition: onlyHeads },
      {
        Effect: 'Allow',
        Action: 'dynamodb:BatchGetItem',
        Resource: table,
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'other' } },
      },
    ])
    const problem = check({
      accessKey: READER,
      action: 'dynamodb:BatchGetItem',
      resource: LOG,
      keys: () => keys,
    })

    expect(problem === null).toBe(isAllowed)
  })

  it('may use all keys but those that a condition excepts', () => {
    const check = checkWith([
      {
        Effect: 'Allow',
        Action: 'dynamodb:PutItem',
        Resource: table,
        Condition: { 'ForAllValues:StringNotLike': { 'dynamodb:LeadingKeys': ['revoked', 'ticket#*'] } },
      },
    ])
    const put = (key: string) =>
      check({ accessKey: READER, action: 'dynamodb:PutItem', resource: LOG, keys: () => [key] })

    expect([put('c1'), put('revoked') === null, put('ticket#1') === null]).toEqual([null, false, false])
  })

  it('is refused by a statement that denies it, whatever else allows it', () => {
    const check = checkWith([
      { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: table },
      { Effect: 'Deny', Action: 'dynamodb:GetItem', Resource: '*' },
    ])

    expect(check({ accessKey: READER, action: 'dynamodb:GetItem', resource: LOG })).not.toBeNull()
  })

  it('does not read the keys where no condition asks for them', () => {
    const check = checkWith([{ Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: table }])
    const keys = () => {
      throw new Error('nobody asked')
    }

    expect(check({ accessKey: READER, action: 'dynamodb:GetItem', resource: LOG, keys })).toBeNull()
  })
})

it('what is signed with another access key, or not at all, is allowed', () => {
  const check = checkWith([])

  expect(check({ accessKey: 'local', action: 'dynamodb:DeleteTable', resource: LOG })).toBeNull()
  expect(check({ accessKey: null, action: 'dynamodb:DeleteTable', resource: LOG })).toBeNull()
})

it('references of a policy become local ARNs', () => {
  const resources = [
    table,
    { 'Fn::GetAtt': ['UserPool', 'Arn'] },
    { 'Fn::Sub': `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:stack-audit` },
    { Ref: 'RecordSecret' },
  ]
  const { functions } = accessWith([{ Effect: 'Allow', Action: 'a:B', Resource: resources }])

  expect(functions[READER]?.statements[0]?.resources).toEqual([
    LOG,
    localArn('cognito-idp', 'userpool/UserPool'),
    localArn('lambda', 'function:stack-audit'),
    'RecordSecret',
  ])
})

it('a policy that the emulators would have to guess at is an error', () => {
  const Condition = { StringEquals: { 'aws:SourceVpc': 'vpc-1' } }

  expect(() => accessWith([{ Effect: 'Allow', Action: 'a:B', Resource: '*', Condition }])).toThrow(
    'cannot evaluate the condition {"StringEquals":{"aws:SourceVpc":"vpc-1"}} of ReaderRole',
  )
  expect(() =>
    readAccess({ service: 'stack', provider: {}, functions: { reader: { handler: 'reader.handler' } } }),
  ).toThrow('The function reader has no role of its own.')
})

it('an access key has letters and digits only, and is found in the signature of a request', () => {
  const accessKey = accessKeyOf('replay-records')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/20261127/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0`

  expect(accessKey).toMatch(/^[0-9A-Za-z]+$/)
  expect([accessKeyIn(authorization), accessKeyIn('Bearer token'), accessKeyIn(undefined)]).toEqual([
    accessKey,
    null,
    null,
  ])
})
