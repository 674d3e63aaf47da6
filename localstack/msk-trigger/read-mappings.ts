import type { Mapping, Service } from './mapping.ts'
import { BadMapping, isFields } from './mapping-properties.ts'
import { readMappingEvent } from './read-mapping-event.ts'
import { readMappingResource } from './read-mapping-resource.ts'

/**
 * Returns the mappings that Lambda would have for a service: those of its resources of the type
 * `AWS::Lambda::EventSourceMapping`, and those that the framework makes of `msk` and `kafka` events. What is disabled, and
 * what has another source than Kafka, is left out.
 * @throws Error that lists every bad value, by function and topic or by resource.
 */
export function readMappings(service: Service): Mapping[] {
  const problems: string[] = []
  const mappings = readersOf(service).flatMap((read) => {
    try {
      return read() ?? []
    } catch (error) {
      if (!(error instanceof BadMapping)) throw error
      problems.push(error.message)
      return []
    }
  })
  problems.push(...sharedGroups(mappings))
  if (problems.length > 0) throw new Error(`event source mappings:\n  ${problems.join('\n  ')}`)
  return mappings
}

function readersOf(service: Service): (() => Mapping | undefined)[] {
  const functions = isFields(service.functions) ? service.functions : {}
  const resources = isFields(service.resources) ? service.resources.Resources : undefined
  const ofEvents = Object.entries(functions).flatMap(([functionKey, definition]) =>
    isFields(definition) && Array.isArray(definition.events)
      ? definition.events
          .filter(isFields)
          .map((event) => () => readMappingEvent(event, { functionKey, definition, service }))
      : [],
  )
  const ofResources = Object.entries(isFields(resources) ? resources : {}).map(
    ([logicalId, resource]) =>
      () =>
        readMappingResource(logicalId, resource, service),
  )
  return [...ofEvents, ...ofResources]
}

/** kafkajs assigns the topics of a group to each of its members, so one group cannot serve two mappings. */
function sharedGroups(mappings: Mapping[]): string[] {
  const groups = Map.groupBy(mappings, ({ groupId }) => groupId)
  return [...groups]
    .filter(([, users]) => users.length > 1)
    .map(([groupId, users]) => {
      const names = users.map(({ functionKey, topic }) => `${functionKey} (${topic})`)
      return `${names.join(' and ')} share the consumer group ${groupId}: give each its own consumerGroupId`
    })
}
