import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { gateways, HTTP_SHARES, OTHER_SHARE, SOCKET_SHARES } from './gateways.ts'
import { exampleDeployment } from './testing/example-deployment.ts'

const sum = (shares: readonly number[]) => shares.reduce((total, share) => total + share, 0)

describe('the throttles of the gateways', () => {
  test('leave deliveries four tenths of the requests, even if every route is called as often as it may be', async () => {
    const service = await readFile('serverless.yml', 'utf8')
    const http = [...service.matchAll(/- httpApi: (.+)/g)].map(([, route = '']) =>
      route === '"*"' ? '$default' : route,
    )
    const sockets = [...service.matchAll(/- websocket: (?:\{ route: (\w+),|(\$\w+))/g)].map(
      ([, named, special = '']) => named ?? special,
    )

    const shares = [
      ...http.map((route) => HTTP_SHARES[route] ?? OTHER_SHARE),
      ...sockets.map((route) => SOCKET_SHARES[route] ?? OTHER_SHARE),
    ]

    expect(http).toEqual(expect.arrayContaining(Object.keys(HTTP_SHARES)))
    expect(sockets).toEqual(expect.arrayContaining(Object.keys(SOCKET_SHARES)))
    expect(sum(shares)).toBeLessThanOrEqual(0.6)
  })

  test('are lower where no credentials are asked for', () => {
    const open = ['POST /webhooks/{source}', 'OPTIONS /webhooks/{source}', 'GET /health']
    const shares = [...open.map((route) => HTTP_SHARES[route] ?? 0), SOCKET_SHARES.$connect ?? 0]

    expect(Math.max(...shares)).toBeLessThan(HTTP_SHARES['POST /events'] ?? 0)
    expect(sum(shares)).toBeLessThanOrEqual(0.05)
  })

  test('follow from the rate of the stage', async () => {
    const { Resources = {} } = gateways(await exampleDeployment({ kafka: 'serverless', gatewayRate: '2000' }))

    expect(Resources.HttpApiStage?.Properties).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 5 },
      RouteSettings: {
        'POST /events': { ThrottlingRateLimit: 200, ThrottlingBurstLimit: 100 },
        'OPTIONS /webhooks/{source}': { ThrottlingRateLimit: 4, ThrottlingBurstLimit: 5 },
      },
    })
  })
})

test('only the gateway of the stage invokes the functions of its sockets, each for its routes', async () => {
  const { extensions = {} } = gateways(await exampleDeployment())
  const sources = Object.entries(extensions).flatMap(([id, { Properties }]) =>
    Properties ? [[id, JSON.stringify(Properties.SourceArn).replace(/.*\{WebsocketsApi\}|"\}$/g, '')]] : [],
  )

  expect(Object.fromEntries(sources)).toEqual({
    ConnectLambdaPermissionWebsockets: '/prod/$connect',
    DisconnectLambdaPermissionWebsockets: '/prod/$disconnect',
    MessageLambdaPermissionWebsockets: '/prod/*',
  })
})

test('the outputs have the addresses of both, unless the sockets have one of their own', async () => {
  const [usual, own] = await Promise.all([
    exampleDeployment(),
    exampleDeployment({ kafka: 'serverless', socketUrl: 'wss://live.example.com' }),
  ])

  expect(Object.keys(gateways(usual).Outputs ?? {})).toEqual(['ApiUrl', 'SocketUrl'])
  expect(Object.keys(gateways(own).Outputs ?? {})).toEqual(['ApiUrl'])
})
