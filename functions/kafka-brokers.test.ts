import { expect, test } from 'vitest'
import { findBrokers } from './kafka-brokers.ts'

const find = async (arn: string, auth: string) => `${arn} by ${auth}`

test('the attribute Brokers is where the cluster is reached with its authentication', async () => {
  const properties = { ServiceToken: 'arn:function', ClusterArn: 'arn:cluster', Auth: 'scram' }

  expect(await findBrokers(properties, { find })).toEqual({ Brokers: 'arn:cluster by scram' })
  await expect(findBrokers({ ...properties, Auth: 'none' }, { find })).rejects.toThrow('Auth')
})
