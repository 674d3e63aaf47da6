import { expect, test } from 'vitest'
import { exampleDeployment } from '../testing/example-deployment.ts'
import { accessLogs } from './access-logs.ts'

/** What API Gateway can write of a request that may have a secret of its sender: a token in a query, a header, a body. */
const SECRET = /query|header|body|authorizer|\$context\.(?:error\.message|path(?!\b))/i

test('no line of an access log has what may be a secret, such as the query of a webhook', async () => {
  const { extensions = {} } = accessLogs(await exampleDeployment({ kafka: 'serverless', socketLogs: 'true' }))
  const formats = Object.values(extensions).flatMap(({ Properties = {} }) => {
    const { Format } = Properties.AccessLogSettings as { readonly Format: string }
    return [Format]
  })

  expect(formats).toHaveLength(2)
  for (const format of formats) {
    const variables = Object.values(JSON.parse(format) as Record<string, string>)
    expect(variables.filter((variable) => SECRET.test(variable))).toEqual([])
    expect(variables.every((variable) => /^\$context\.[\w.]+$/.test(variable))).toBe(true)
  }
})
