import type { Resource, Template, Value } from '../cloudformation.ts'
import { nameToken } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'
import { alarmResource } from './alarm.ts'
import { alarmList } from './alarm-list.ts'
import type { DeployedFunction } from './stage-metrics.ts'

/** The alarms that take a deployment back, at most five: CloudFormation watches no more. */
const ROLLBACK_ALARMS = [
  'writes-fail',
  'functions-fail',
  'gateway-fails',
  'socket-gateway-fails',
  'partition-fails',
]

/**
 * The alarms of a stage, the topic that they tell, and one alarm over all pages. The output `RollbackAlarms` has the ARNs of
 * those that an update watches. The local stack has none.
 */
export function alarms(deployment: Deployment, functions: readonly DeployedFunction[]): Template {
  if (deployment.isLocal) return {}
  const { prefix, alarmEmail } = deployment
  const all = alarmList(deployment, functions)
  const entries = all.map(
    (alarm) => [alarmId(alarm.name), alarmResource(alarm, prefix, { Ref: 'AlarmTopic' })] as const,
  )
  const pages = all.filter(({ severity }) => severity === 'page').map(({ name }) => name)
  return {
    Resources: {
      ...topic(prefix, alarmEmail),
      ...Object.fromEntries(entries),
      PageAlarm: {
        Type: 'AWS::CloudWatch::CompositeAlarm',
        DependsOn: pages.map(alarmId),
        Properties: {
          AlarmName: `${prefix}-page`,
          AlarmDescription: 'Any alarm that wakes somebody up. See docs/operations.md#on-call-checklist.',
          AlarmRule: pages.map((name) => `ALARM("${prefix}-${name}")`).join(' OR '),
        },
      },
    },
    Outputs: {
      AlarmTopic: {
        Description: 'Where alarms are told',
        Value: { Ref: 'AlarmTopic' },
      },
      RollbackAlarms: {
        Description: 'The alarms that take back an update',
        Value: {
          'Fn::Join': [',', ROLLBACK_ALARMS.map((name) => ({ 'Fn::GetAtt': [alarmId(name), 'Arn'] }))],
        },
      },
    },
  }
}

/** The logical id of an alarm. */
export function alarmId(name: string): string {
  return `${nameToken(name)}Alarm`
}

/**
 * CloudWatch cannot use the key that SNS encrypts with by itself, so the topic needs a key that lets it in:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 */
function topic(prefix: string, email: string | null): Readonly<Record<string, Resource>> {
  const root = { 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root` }
  const cloudWatch = {
    Effect: 'Allow',
    Principal: { Service: 'cloudwatch.amazonaws.com' },
    Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
  }
  return {
    AlarmKey: {
      Type: 'AWS::KMS::Key',
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: {
        Description: `What ${prefix} encrypts its alarms with`,
        EnableKeyRotation: true,
        PendingWindowInDays: 7,
        KeyPolicy: policy([
          { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' },
          { ...cloudWatch, Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Resource: '*' },
        ]),
      },
    },
    AlarmTopic: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        TopicName: `${prefix}-alarms`,
        KmsMasterKeyId: { Ref: 'AlarmKey' },
        ...(email !== null && { Subscription: [{ Protocol: 'email', Endpoint: email }] }),
      },
    },
    AlarmTopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: 'AlarmTopic' }],
        PolicyDocument: policy([{ ...cloudWatch, Action: 'sns:Publish', Resource: { Ref: 'AlarmTopic' } }]),
      },
    },
  }
}

function policy(Statement: readonly Value[]): Value {
  return { Version: '2012-10-17', Statement }
}
