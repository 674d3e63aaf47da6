import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A program that must be installed on the machine is not; the message says how to get it. */
export class MissingToolError extends Error {
  readonly code = 'MISSING_TOOL'
  readonly retryable = false
}

const hints: Record<'java' | 'mvn', string> = {
  java: 'Java 17 or newer is needed but `java` was not found: install a JRE (Debian: `apt install openjdk-17-jre-headless`, macOS: `brew install openjdk@17`) and put it on the PATH.',
  mvn: 'Maven is needed once, to download jars, but `mvn` was not found: install it (Debian: `apt install maven`, macOS: `brew install maven`) and put it on the PATH.',
}

/** @returns why Java servers cannot run here, or undefined when `java` and `mvn` are both there. */
export async function missingJavaTool(): Promise<string | undefined> {
  for (const tool of ['java', 'mvn'] as const) {
    const found = await run(tool, ['-version']).then(
      () => true,
      () => false,
    )
    if (!found) return hints[tool]
  }
  return undefined
}

type CopyJars = { pom: string; target: string; log: (line: string) => void }

/**
 * Copies the runtime dependencies of a pom.xml into `target`, once.
 * The directory appears by a rename, so that its existence means that it is complete.
 * @throws MissingToolError without `java` or `mvn`; Error with Maven's own words when the download fails.
 */
export async function copyJars({ pom, target, log }: CopyJars): Promise<string> {
  const complete = resolve(target)
  if (existsSync(complete)) return complete
  const missing = await missingJavaTool()
  if (missing) throw new MissingToolError(missing)
  log(`downloading the jars of ${pom} from Maven Central (once) …`)
  await mkdir(dirname(complete), { recursive: true })
  const partial = await mkdtemp(join(dirname(complete), '.partial-'))
  try {
    await run('mvn', mavenArguments(pom, partial))
    await rename(partial, complete)
  } catch (error) {
    // Two runs at once: whoever renames first wins, the other one uses that result.
    if (existsSync(complete)) return complete
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout).trim() : ''
    throw new Error(`mvn could not download the jars of ${pom}: ${output || String(error)}`, { cause: error })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return complete
}

function mavenArguments(pom: string, outputDirectory: string): string[] {
  const options = ['-DincludeScope=runtime', `-DoutputDirectory=${outputDirectory}`]
  return ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', ...options]
}
