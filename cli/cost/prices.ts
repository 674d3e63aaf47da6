/** Regions that the prices are of. */
export const REGIONS = ['eu-central-1', 'us-east-1'] as const
export type Region = (typeof REGIONS)[number]

/** When all of these list prices were looked up. They change: look again before a decision. */
export const KNOWN_IN = 'November 2026'

/**
 * One list price in USD, without taxes, free tiers and discounts. `isEstimate` is true if the amount for Frankfurt was
 * not looked up but taken over from another region or scaled by the ratio of similar prices: recheck it first.
 */
export type Price = {
  readonly per: string
  readonly source: string
  readonly usd: Readonly<Record<Region, number>>
  readonly isEstimate: boolean
}

const AWS = 'https://aws.amazon.com'
const GATEWAY = `${AWS}/api-gateway/pricing/`
const LAMBDA = `${AWS}/lambda/pricing/`
const DYNAMODB = `${AWS}/dynamodb/pricing/on-demand/`
const MSK = `${AWS}/msk/pricing/`
const CLOUDWATCH = `${AWS}/cloudwatch/pricing/`
const EC2 = `${AWS}/ec2/pricing/on-demand/`
const CONFLUENT = 'https://www.confluent.io/confluent-cloud/pricing/'

type Amounts = { readonly us: number; readonly eu: number }

const looked = (per: string, source: string, { us, eu }: Amounts): Price => ({
  per,
  source,
  usd: { 'us-east-1': us, 'eu-central-1': eu },
  isEstimate: false,
})

const estimated = (per: string, source: string, amounts: Amounts): Price => ({
  ...looked(per, source, amounts),
  isEstimate: true,
})

/** Everything that the model charges for. */
export const PRICES = {
  httpRequest: estimated('million requests of an HTTP API', GATEWAY, { us: 1, eu: 1.2 }),
  socketMessage: estimated('million messages of 32 KB of a WebSocket API', GATEWAY, { us: 1, eu: 1.14 }),
  connectionMinute: estimated('million connection minutes', GATEWAY, { us: 0.25, eu: 0.285 }),
  invocation: looked('million invocations', LAMBDA, { us: 0.2, eu: 0.2 }),
  gigabyteSecond: looked('GB-second on arm64', LAMBDA, { us: 0.0000133334, eu: 0.0000133334 }),
  pollerUnit: estimated('hour of an event poller unit', LAMBDA, { us: 0.185, eu: 0.185 }),
  write: looked('million write request units', DYNAMODB, { us: 0.625, eu: 0.7625 }),
  read: looked('million read request units', DYNAMODB, { us: 0.125, eu: 0.1525 }),
  tableStorage: looked('GB-month in DynamoDB', DYNAMODB, { us: 0.25, eu: 0.306 }),
  tableBackup: estimated('GB-month of point-in-time recovery', DYNAMODB, { us: 0.2, eu: 0.244 }),
  mskServerless: estimated('hour of an MSK Serverless cluster', MSK, { us: 0.75, eu: 0.75 }),
  mskPartition: estimated('hour of a partition of MSK Serverless', MSK, { us: 0.0015, eu: 0.0015 }),
  mskServerlessIn: estimated('GB into MSK Serverless', MSK, { us: 0.1, eu: 0.1 }),
  mskServerlessOut: estimated('GB out of MSK Serverless', MSK, { us: 0.05, eu: 0.05 }),
  mskExpress: estimated('hour of an express.m7g.large broker', MSK, { us: 0.408, eu: 0.49 }),
  mskExpressIn: estimated('GB into Express brokers', MSK, { us: 0.01, eu: 0.012 }),
  mskStandard: estimated('hour of a kafka.m7g.large broker', MSK, { us: 0.204, eu: 0.245 }),
  mskStorage: estimated('GB-month in Kafka', MSK, { us: 0.1, eu: 0.119 }),
  confluentData: estimated('GB in or out of a Basic cluster', CONFLUENT, { us: 0.05, eu: 0.05 }),
  confluentStorage: estimated('GB-month in a Basic cluster', CONFLUENT, { us: 0.08, eu: 0.08 }),
  endpoint: looked('hour of an interface endpoint in one zone', `${AWS}/privatelink/pricing/`, {
    us: 0.01,
    eu: 0.012,
  }),
  secret: looked('secret and month', `${AWS}/secrets-manager/pricing/`, { us: 0.4, eu: 0.4 }),
  logs: looked('GB of logs', CLOUDWATCH, { us: 0.5, eu: 0.63 }),
  metric: looked('metric and month', CLOUDWATCH, { us: 0.3, eu: 0.3 }),
  alarm: looked('metric of an alarm and month', CLOUDWATCH, { us: 0.1, eu: 0.1 }),
  compositeAlarm: looked('composite alarm and month', CLOUDWATCH, { us: 0.5, eu: 0.5 }),
  key: looked('key and month', `${AWS}/kms/pricing/`, { us: 1, eu: 1 }),
  trace: looked('million traces', `${AWS}/xray/pricing/`, { us: 5, eu: 5 }),
  transferFirst10: looked('GB to the internet, up to 10 TB', EC2, { us: 0.09, eu: 0.09 }),
  transferNext40: looked('GB to the internet, from 10 to 50 TB', EC2, { us: 0.085, eu: 0.085 }),
  transferNext100: looked('GB to the internet, from 50 to 150 TB', EC2, { us: 0.07, eu: 0.07 }),
  transferRest: looked('GB to the internet, above 150 TB', EC2, { us: 0.05, eu: 0.05 }),
  pageRequest: looked('million requests of CloudFront', `${AWS}/cloudfront/pricing/`, { us: 1, eu: 1.2 }),
  appsyncOperation: estimated('million operations of AppSync Events', `${AWS}/appsync/pricing/`, {
    us: 1,
    eu: 1,
  }),
  appsyncMinute: estimated('million connection minutes of AppSync Events', `${AWS}/appsync/pricing/`, {
    us: 0.08,
    eu: 0.08,
  }),
  machine: estimated('hour of a c7g.large machine', EC2, { us: 0.0725, eu: 0.0827 }),
  balancer: looked('hour of a network load balancer', `${AWS}/elasticloadbalancing/pricing/`, {
    us: 0.0225,
    eu: 0.027,
  }),
  balancerUnit: looked('hour of a capacity unit of it', `${AWS}/elasticloadbalancing/pricing/`, {
    us: 0.006,
    eu: 0.006,
  }),
} as const satisfies Readonly<Record<string, Price>>

export type PriceName = keyof typeof PRICES

/** Returns what an amount costs, in USD; the amount is in the unit of the price, or in single items of a million. */
export function priceOf(name: PriceName, amount: number, region: Region): number {
  const { per, usd } = PRICES[name]
  return (amount / (per.startsWith('million ') ? 1_000_000 : 1)) * usd[region]
}

const TIERS = [
  ['transferFirst10', 10_240],
  ['transferNext40', 40_960],
  ['transferNext100', 102_400],
  ['transferRest', Number.POSITIVE_INFINITY],
] as const
/** What every account sends to the internet for free in a month, in GB. */
const FREE_GB = 100

/** Returns what it costs to send so many GB to the internet in a month. */
export function transferCost(gigabytes: number, region: Region): number {
  let left = Math.max(0, gigabytes - FREE_GB)
  let usd = 0
  for (const [name, size] of TIERS) {
    const part = Math.min(left, size)
    usd += priceOf(name, part, region)
    left -= part
  }
  return usd
}
