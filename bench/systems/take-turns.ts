import { type LoadProcess, startLoad } from '../load/start-load.ts'
import { type KafkaCluster, startKafka } from './start-kafka.ts'
import { type Contender, PARTITIONS, type System, TOPIC } from './system.ts'

export type Turn = {
  readonly name: string
  readonly round: number
  readonly kafka: KafkaCluster
  readonly system: System
  readonly load: LoadProcess
}

type Turns = {
  readonly contenders: readonly Contender[]
  readonly rounds: number
  readonly isApache: boolean
  readonly partitions?: number
}

/**
 * Measures the contenders one after the other, `rounds` times, each time in the opposite order. For its turn a contender
 * is started with a load generator on a Kafka with an empty log; nothing else runs then.
 */
export async function takeTurns(
  { contenders, rounds, isApache, partitions = PARTITIONS }: Turns,
  measure: (turn: Turn) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${contender.name}\n`)
      const kafka = await startKafka({ isApache })
      try {
        await kafka.createTopic(TOPIC, partitions)
        await withLoad(await contender.start(kafka.endpoint), (system, load) =>
          measure({ name: contender.name, round, kafka, system, load }),
        )
      } finally {
        await kafka.stop()
      }
    }
}

async function withLoad(system: System, run: (system: System, load: LoadProcess) => Promise<void>) {
  const load = startLoad(system)
  try {
    await run(system, load)
  } finally {
    await load.stop()
    await system.stop()
  }
}
