import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { ensureKafkaJars } from './kafka-jars.ts'

const mainClasses = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
} as const

export type KafkaTool = keyof typeof mainClasses
type ToolOptions = { input?: string; jarsDir?: string; timeoutMs?: number }

/**
 * Runs one of Apache Kafka's own command-line tools, as `kafka-<name>.sh` would.
 * `input` becomes its standard input; it is killed after `timeoutMs` (60,000).
 * @returns the exit code (null when killed) and everything it wrote.
 * @throws MissingToolError when the jars have to be downloaded and `java` or `mvn` is not installed.
 */
export async function kafkaTool(
  name: KafkaTool,
  args: string[],
  { input = '', jarsDir, timeoutMs = 60_000 }: ToolOptions = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { classpath } = await ensureKafkaJars(jarsDir ? { dir: jarsDir } : {})
  const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx256m', '-cp', classpath]
  const child = spawn('java', [...java, mainClasses[name], ...args], { timeout: timeoutMs })
  const exited = once(child, 'exit')
  // A tool that fails early closes its input: the exit code tells, not the broken pipe.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, stdout, stderr }
}
