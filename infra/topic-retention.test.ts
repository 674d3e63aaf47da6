import { expect, test } from 'vitest'
import { exampleDeployment } from './testing/example-deployment.ts'
import { topicRetention } from './topic-retention.ts'

test('topics are kept by their names in Kafka, longer than the log promises', async () => {
  const values = { kafka: 'serverless', retention: '7d,port-events=1d', topicPrefix: 'blue.' }
  const retention = topicRetention(
    await exampleDeployment(values, { topics: ['port-events', 'blog-events'] }),
  )

  expect(Object.keys(retention)).toEqual(['blue.port-events', 'blue.blog-events'])
  expect(retention['blue.blog-events']).toBeGreaterThan(7 * 24 * 3_600_000)
  expect(retention['blue.port-events']).toBeLessThan(7 * 24 * 3_600_000)
})
