import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { Field } from './field.tsx'
import type { Faults, JsonSchema } from './json-schema.ts'
import './schema-form.css'

type Props = {
  readonly schema: JsonSchema
  readonly faults: Faults
  /** The JSON pointer of the object with these properties. The names of the fields are pointers too. */
  readonly pointer?: string
}

/** The fields of a form for the properties of a JSON Schema. `readSchemaForm` reads them. */
export function SchemaFields({ schema, faults, pointer = '' }: Props) {
  return Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const path = `${pointer}/${name}`
    if (member.properties && Object.keys(member.properties).length > 0)
      return (
        <fieldset key={path} className="schema-group">
          <legend>{labelOf(name)}</legend>
          <SchemaFields schema={member} faults={faults} pointer={path} />
        </fieldset>
      )
    const hint = member.description
    const isRequired = schema.required?.includes(name) ?? false
    return (
      <Field
        key={path}
        label={isRequired ? `${labelOf(name)} *` : labelOf(name)}
        error={faults[path] ?? null}
        {...(hint && { hint })}
      >
        <Control name={path} schema={member} />
      </Field>
    )
  })
}

/** `given` are the id and the ARIA attributes that `Field` adds. */
function Control({ name, schema, ...given }: { name: string; schema: JsonSchema }) {
  const { enum: allowed, type, maxLength } = schema
  if (allowed)
    return (
      <select name={name} defaultValue="" {...given}>
        <option value="">–</option>
        {allowed.map((one) => (
          <option key={String(one)}>{String(one)}</option>
        ))}
      </select>
    )
  if (type === 'boolean') return <input type="checkbox" name={name} {...given} />
  if (type === 'number' || type === 'integer')
    return <input name={name} inputMode="decimal" autoComplete="off" {...given} />
  if (type === 'object' || type === 'array')
    return <textarea name={name} rows={3} placeholder="JSON" spellCheck={false} {...given} />
  return <input name={name} autoComplete="off" {...given} {...(maxLength && { maxLength })} />
}

/** The label of a property: "Weight kg" for `weightKg`. */
export function labelOf(name: string): string {
  const words = name.replaceAll(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  )
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/**
 * Reads the fields of a schema as data of their types, in which numbers have all digits (shared/core/json/exact-json.ts).
 * Empty fields are left out; unreadable ones are in `faults`.
 */
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
    return Number.isFinite(number) ? { value: exactNumber(text) ?? number } : { fault: 'Must be a number.' }
  }
  if (type !== 'object' && type !== 'array') return { value: text }
  try {
    return { value: parseExactJson(text) }
  } catch (cause) {
    return { fault: `This is not JSON: ${cause instanceof Error ? cause.message : String(cause)}` }
  }
}

/** Returns the number that JSON text is, with all digits; undefined for "+5", which is no JSON. */
function exactNumber(text: string): unknown {
  try {
    return parseExactJson(text)
  } catch {
    return undefined
  }
}
