import { expect, test } from 'vitest'
import type { Stack } from '../read-stack.ts'
import type { Cloud, StackResource } from './cloud.ts'
import { deployStage } from './deploy-stage.ts'
import { destroyStage } from './destroy-stage.ts'
import { readStageOptions } from './stage-options.ts'

const deployed: Stack = {
  status: 'UPDATE_COMPLETE',
  isProtected: false,
  outputs: {
    WebUrl: 'https://d1.cloudfront.net',
    HttpApiId: 'a1',
    HttpApiUrl: 'https://a1.execute-api.eu-central-1.amazonaws.com',
    ServiceEndpointWebsocket: 'wss://b2.execute-api.eu-central-1.amazonaws.com/prod',
    UserPoolId: 'eu-central-1_Pool',
  },
}
const REJECTION =
  'Error:\nCannot resolve serverless.yml: Variables resolution errored with:\n  - Cannot resolve variable at "provider.vpc": Cannot resolve "vpc" out of "sections.cjs": Received rejection: pollers: must be provisioned or on-demand\nshards: must be a whole number from 1 to 16\n\nmore'

type Account = {
  readonly stack?: Stack | null
  readonly resources?: readonly StackResource[]
  /** The exit codes of deployments and removals, in order; 0 after these. */
  readonly codes?: readonly number[]
  readonly rejection?: string
  readonly answer?: string | null
}

/** An account in memory, and what was run there and written. */
function fakeAccount({ stack = null, resources = [], codes = [], rejection, answer = null }: Account) {
  const ran: string[] = []
  const lines: string[] = []
  let current = stack
  const cloud: Cloud = {
    whoAmI: async () => ({ account: '123456789012', arn: 'arn:aws:iam::123456789012:user/ada' }),
    stack: async () => current,
    resources: async () => resources,
  }
  const tools = {
    cloud,
    write: (line: string) => void lines.push(line),
    ask: async () => answer,
    runFramework: async ([command = '', ...args]: readonly string[]) => {
      if (command === 'print') return { code: rejection ? 1 : 0, output: rejection ?? 'tidewire' }
      const code = codes[ran.length] ?? 0
      ran.push([command, ...args].join(' '))
      if (command === 'deploy' && code === 0) current = deployed
      return { code, output: '' }
    },
  }
  return { tools, ran, lines, text: () => lines.join('\n') }
}

const KAFKA = '--param=kafka=serverless'
const optionsOf = (...args: string[]) => readStageOptions(args)
const AT = '--stage prod --region eu-central-1'

test('a first deployment of prod is protected in a second step, and ends with what to do next', async () => {
  const { tools, ran, text } = fakeAccount({})

  const code = await deployStage(
    optionsOf('--stage', 'prod', KAFKA, '--param=adminEmail=ada@example.com'),
    tools,
  )

  expect(code).toBe(0)
  const params = '--param=kafka=serverless --param=adminEmail=ada@example.com'
  expect(ran).toEqual([`deploy ${AT} ${params} --param=protect=false`, `deploy ${AT} ${params}`])
  expect(text()).toMatch(/account 123456789012 in eu-central-1/)
  expect(text()).toMatch(
    /Web page +https:\/\/d1\.cloudfront\.net\nHTTP API +https:\/\/a1\.\S+\nWebSocket +wss:\/\/b2\./,
  )
  expect(text()).toContain('ada@example.com has an invitation by e-mail')
  expect(text()).toContain('npm run smoke -- --url https://d1.cloudfront.net')
})

test.each([
  ['an update', { stack: deployed }, ['--stage', 'prod', KAFKA], 1],
  ['a first deployment of another stage', {}, ['--stage', 'dev', KAFKA], 1],
  ['a first deployment without protection', {}, ['--stage', 'prod', KAFKA, '--param=protect=false'], 1],
  ['another stage that is to be protected', {}, ['--stage', 'dev', KAFKA, '--param=protect=true'], 2],
  ['what follows a failed first one', { stack: { ...deployed, outputs: {} } }, ['--stage', 'prod', KAFKA], 2],
])('%s takes as many steps as it needs', async (_, account, args, steps) => {
  const { tools, ran } = fakeAccount(account)

  expect(await deployStage(optionsOf(...args), tools)).toBe(0)
  expect(ran).toHaveLength(steps)
})

test('an update is undone by the alarms that the stage has, unless others are given', async () => {
  const stack = { ...deployed, outputs: { ...deployed.outputs, RollbackAlarms: 'arn:a,arn:b' } }
  const { tools, ran, text } = fakeAccount({ stack })

  await deployStage(optionsOf('--stage', 'prod', KAFKA), tools)
  const without = fakeAccount({ stack })
  await deployStage(optionsOf('--stage', 'prod', KAFKA, '--param=rollbackAlarms='), without.tools)

  expect(without.ran).toEqual([`deploy ${AT} ${KAFKA} --param=rollbackAlarms=`])
  expect(ran).toEqual([`deploy ${AT} ${KAFKA} --param=rollbackAlarms=arn:a,arn:b`])
  expect(text()).toContain('undoes the update if one fires')
})

test('without an administrator there is how to invite one', async () => {
  const { tools, text } = fakeAccount({})

  await deployStage(optionsOf('--stage', 'dev', KAFKA), tools)

  expect(text()).toContain('admin-create-user --region eu-central-1 --user-pool-id eu-central-1_Pool')
})

test('a first step that fails protects nothing, and says that it was undone', async () => {
  const { tools, ran, text } = fakeAccount({ codes: [1] })

  expect(await deployStage(optionsOf('--stage', 'prod', KAFKA), tools)).toBe(1)
  expect(ran).toHaveLength(1)
  expect(text()).toContain('AWS has undone it')
})

test('wrong parameters are a line each, before anything is asked of AWS', async () => {
  const { tools, ran, lines } = fakeAccount({ rejection: REJECTION })

  await expect(deployStage(optionsOf('--stage', 'prod'), tools)).rejects.toThrow(
    /^pollers: must be provisioned or on-demand\nshards: must be a whole number from 1 to 16$/,
  )
  expect([ran, lines]).toEqual([[], []])
})

test.each([
  ['UPDATE_IN_PROGRESS', /is being changed/],
  ['ROLLBACK_COMPLETE', /npm run destroy -- --stage prod/],
  ['UPDATE_ROLLBACK_FAILED', /cannot be updated/],
])('a stack that is %s is left alone', async (status, message) => {
  const { tools, ran } = fakeAccount({ stack: { ...deployed, status } })

  await expect(deployStage(optionsOf('--stage', 'prod', KAFKA), tools)).rejects.toThrow(message)
  expect(ran).toEqual([])
})

test('an update that was undone can be tried again', async () => {
  const { tools, ran } = fakeAccount({ stack: { ...deployed, status: 'UPDATE_ROLLBACK_COMPLETE' } })

  expect(await deployStage(optionsOf('--stage', 'prod', KAFKA), tools)).toBe(0)
  expect(ran).toHaveLength(1)
})

test.each([
  [[], /--stage is missing/],
  [['--stage', 'local'], /npm start/],
  [['--stage', 'Prod'], /lower-case/],
  [['--stage', 'dev', '--param=kafka'], /has no value/],
  [['--stage', 'dev', '--sage'], /--sage/],
])('the command line %j is refused with what to do', (args, message) => {
  expect(() => readStageOptions(args)).toThrow(message)
})

const resources: readonly StackResource[] = [
  { logicalId: 'LogTable', type: 'AWS::DynamoDB::Table', id: 'tidewire-LogTable-1', isKept: true },
  { logicalId: 'UserPool', type: 'AWS::Cognito::UserPool', id: 'eu-central-1_Pool', isKept: true },
  { logicalId: 'ViewsTable', type: 'AWS::DynamoDB::Table', id: 'tidewire-ViewsTable-1', isKept: false },
  { logicalId: 'KafkaCluster', type: 'AWS::MSK::ServerlessCluster', id: 'arn:kafka', isKept: false },
  { logicalId: 'WriteLambdaFunction', type: 'AWS::Lambda::Function', id: 'write', isKept: false },
]

test('the end of a stage is told beforehand, and how to delete what stays afterwards', async () => {
  const { tools, ran, lines } = fakeAccount({ stack: deployed, resources, answer: 'dev' })

  expect(await destroyStage(optionsOf('--stage', 'dev'), tools)).toBe(0)

  expect(ran).toEqual(['remove --stage dev --region eu-central-1 --param=kafka=serverless'])
  expect(lines).toEqual([
    'Stage dev, account 123456789012 in eu-central-1',
    'Deleted for good:',
    '   table: ViewsTable (tidewire-ViewsTable-1)',
    '   the Kafka cluster with all its records: KafkaCluster (arn:kafka)',
    '   and 1 more: functions, roles, logs, alarms and what belongs to them',
    'Stays:',
    '   LogTable (tidewire-LogTable-1)',
    '   UserPool (eu-central-1_Pool)',
    'What stayed has its data. To delete it for good:',
    '   aws dynamodb update-table --region eu-central-1 --table-name tidewire-LogTable-1 --no-deletion-protection-enabled',
    '   aws dynamodb delete-table --region eu-central-1 --table-name tidewire-LogTable-1',
    '   aws cognito-idp update-user-pool --region eu-central-1 --user-pool-id eu-central-1_Pool --deletion-protection INACTIVE',
    '   aws cognito-idp delete-user-pool --region eu-central-1 --user-pool-id eu-central-1_Pool',
  ])
})

test('nothing is deleted unless the name of the stage is typed', async () => {
  const { tools, ran, text } = fakeAccount({ stack: deployed, resources, answer: 'prod' })

  expect(await destroyStage(optionsOf('--stage', 'dev'), tools)).toBe(1)
  expect(ran).toEqual([])
  expect(text()).toContain('Nothing was deleted.')
})

test.each([
  ['prod without its flag', ['--stage', 'prod', '--yes'], { stack: deployed }, /--allow-prod/],
  ['a stage that does not exist', ['--stage', 'dev', '--yes'], {}, /there is no stack tidewire-dev/],
  [
    'a protected stack',
    ['--stage', 'dev', '--yes'],
    { stack: { ...deployed, isProtected: true } },
    /no-enable-termination-protection/,
  ],
  ['where nobody can be asked', ['--stage', 'dev'], { stack: deployed }, /give --yes/],
])('%s is not deleted', async (_, args, account, message) => {
  const { tools, ran } = fakeAccount(account)

  await expect(destroyStage(optionsOf(...args), tools)).rejects.toThrow(message)
  expect(ran).toEqual([])
})

test('prod is deleted with both flags, and keeps its own Kafka parameter', async () => {
  const { tools, ran } = fakeAccount({ stack: deployed, resources: [] })
  const args = ['--stage', 'prod', '--yes', '--allow-prod', '--param=kafka=provisioned']

  expect(await destroyStage(optionsOf(...args), tools)).toBe(0)
  expect(ran).toEqual([`remove ${AT} --param=kafka=provisioned`])
})
