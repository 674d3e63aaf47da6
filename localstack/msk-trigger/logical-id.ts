const alphanumeric = (name: string): string => upperFirst(name.replace(/[^0-9A-Za-z]/g, ''))
const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** A function's key as osls writes it into logical ids: `-` and `_` become words. */
const functionToken = (key: string): string =>
  upperFirst(key.replace(/-/g, 'Dash').replace(/_/g, 'Underscore'))

/** The logical id that osls gives to the event source mapping of an `msk` event. */
export function mskLogicalId(functionKey: string, cluster: string, topic: string): string {
  const names = alphanumeric(cluster).slice(0, 79) + alphanumeric(topic).slice(0, 79)
  return `${functionToken(functionKey)}EventSourceMappingMSK${names}`
}

/** The logical id that osls gives to the event source mapping of a `kafka` event. */
export function kafkaLogicalId(functionKey: string, topic: string): string {
  return `${functionToken(functionKey)}EventSourceMappingKafka${alphanumeric(topic).slice(0, 158)}`
}
