import { readFileSync } from 'node:fs'

/** A file of the local data is not as the stack has written it. Its message is one line that names the file. */
export class DamagedDataError extends Error {
  readonly code = 'DATA_DAMAGED'
  override readonly name = 'DamagedDataError'

  /** `remedy` says what to do other than to delete all of the data. */
  constructor(file: string, reason: string, remedy: string) {
    super(`${file} is damaged: ${reason.replaceAll(/\s+/g, ' ')}. ${remedy}`)
  }
}

/** Returns the content of a file, or undefined if there is none. Throws DamagedDataError if it cannot be read. */
export function readDataFile(file: string, remedy: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new DamagedDataError(file, code === 'EISDIR' ? 'it is a folder' : message, remedy)
  }
}

/** Returns the object that is in a file as JSON, or undefined if there is no file. Throws DamagedDataError. */
export function readDataObject(file: string, remedy: string): Record<string, unknown> | undefined {
  const text = readDataFile(file, remedy)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch (error) {
    throw new DamagedDataError(file, `it is no JSON (${(error as Error).message})`, remedy)
  }
  throw new DamagedDataError(file, 'it is no JSON object', remedy)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
