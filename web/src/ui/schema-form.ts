import type { Faults, JsonSchema } from './json-schema.ts'

/** `weightKg` as people write it: "Weight kg". */
export function labelOf(name: string): string {
  const words = name.replaceAll(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  )
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** What was typed into the fields of a schema, as data: empty fields are left out, numbers are numbers, JSON is parsed. */
export function readSchemaForm(
  schema: JsonSchema,
  form: FormData,
  pointer = '',
): { readonly value: Readonly<Record<string, unknown>>; readonly faults: Faults } {
  const value: Record<string, unknown> = {}
  const faults: Record<string, string> = {}
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const path = `${pointer}/${name}`
    if (member.properties && Object.keys(member.properties).length > 0) {
      const inner = readSchemaForm(member, form, path)
      Object.assign(faults, inner.faults)
      if (Object.keys(inner.value).length > 0) value[name] = inner.value
      continue
    }
    const read = readField(member, String(form.get(path) ?? '').trim())
    if ('fault' in read) faults[path] = read.fault
    else if (read.value !== undefined) value[name] = read.value
  }
  return { value, faults }
}

function readField({ type }: JsonSchema, text: string): { value: unknown } | { fault: string } {
  if (text === '') return { value: undefined }
  if (type === 'boolean') return { value: true }
  if (type === 'number' || type === 'integer') {
    const number = Number(text)
    return Number.isFinite(number) ? { value: number } : { fault: 'Must be a number.' }
  }
  if (type !== 'object' && type !== 'array') return { value: text }
  try {
    return { value: JSON.parse(text) }
  } catch (cause) {
    return { fault: `This is not JSON: ${cause instanceof Error ? cause.message : String(cause)}` }
  }
}
