import { Field } from './field.tsx'
import type { Faults, JsonSchema } from './json-schema.ts'
import { labelOf } from './schema-form.ts'
import './schema-fields.css'

type Props = {
  readonly schema: JsonSchema
  readonly faults: Faults
  /** The JSON pointer of the object that the fields belong to; their names are pointers. */
  readonly pointer?: string
}

/** A form's fields for the members of an object, as its JSON Schema has them; read them with `readSchemaForm`. */
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

/** `Field` gives it its id and what describes it. */
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
