import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyJars } from './copy-jars.ts'

type KafkaJars = { dir?: string; log?: (line: string) => void }

/**
 * Makes sure that the jars of Apache Kafka and its command-line tools are in `<dir>/lib-<version>`.
 * @returns the Java class path, and the version that pom.xml pins.
 * @throws MissingToolError when the jars have to be downloaded and `java` or `mvn` is not installed.
 */
export async function ensureKafkaJars({ dir = '.kafka', log = () => {} }: KafkaJars = {}): Promise<{
  classpath: string
  version: string
}> {
  const pom = join(import.meta.dirname, 'pom.xml')
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(await readFile(pom, 'utf8'))?.[1]
  if (!version) throw new Error(`${pom} does not pin kafka.version`)
  const lib = await copyJars({ pom, target: join(dir, `lib-${version}`), log })
  return { classpath: join(lib, '*'), version }
}
