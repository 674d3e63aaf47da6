import { defineApi } from '../wire/api.ts'
import { arrayOf, nullableArray, optional, since } from '../wire/codec.ts'
import { boolean, int8, int16, int32, nullableString, string } from '../wire/primitives.ts'

// DescribeConfigs Request  => [resource_type resource_name [configuration_keys]] include_synonyms
//                             include_documentation
// DescribeConfigs Response => throttle_time_ms [error_code error_message resource_type resource_name
//                             [name value read_only config_source is_sensitive [synonym name value source]
//                              config_type documentation]]
export const describeConfigsApi = defineApi(
  { key: 32, name: 'DescribeConfigs', versions: [1, 4], flexibleFrom: 4 },
  {
    resources: arrayOf({ type: int8, name: string, keys: nullableArray(string) }),
    includeSynonyms: boolean,
    includeDocumentation: since(3, boolean, false),
  },
  {
    throttleTimeMs: optional(int32, 0),
    results: arrayOf({
      errorCode: int16,
      errorMessage: nullableString,
      type: int8,
      name: string,
      configs: arrayOf({
        name: string,
        value: nullableString,
        readOnly: boolean,
        source: int8,
        isSensitive: optional(boolean, false),
        synonyms: optional(arrayOf({ name: string, value: nullableString, source: int8 }), []),
        type: since(3, int8, 0),
        documentation: since(3, nullableString, null),
      }),
    }),
  },
)

// IncrementalAlterConfigs Request  => [resource_type resource_name [name config_operation value]] validate_only
// IncrementalAlterConfigs Response => throttle_time_ms [error_code error_message resource_type resource_name]
export const incrementalAlterConfigsApi = defineApi(
  { key: 44, name: 'IncrementalAlterConfigs', versions: [0, 1], flexibleFrom: 1 },
  {
    resources: arrayOf({
      type: int8,
      name: string,
      configs: arrayOf({ name: string, operation: int8, value: nullableString }),
    }),
    validateOnly: boolean,
  },
  {
    throttleTimeMs: optional(int32, 0),
    results: arrayOf({ errorCode: int16, errorMessage: nullableString, type: int8, name: string }),
  },
)
