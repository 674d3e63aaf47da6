import { HTTP, type CloudEvent as SdkEvent } from 'cloudevents'
import { describe, expect, it } from 'vitest'
import {
  MINIMAL,
  MORE_INVALID,
  MORE_VALID,
  SUITE_INVALID,
  SUITE_VALID,
} from '#shared/testing/cloudevents/conformance-cases.ts'
import { validateEvent } from './validate-event.ts'

// Invalid events that the npm SDK accepts and this implementation refuses, with the reason from the specification.
const SDK_IS_LENIENT: readonly (readonly [why: string, titles: readonly string[]])[] = [
  [
    'it invents what is missing, where specversion and id are REQUIRED',
    ['no specversion', 'no id', 'an empty id', 'an empty specversion', 'null for what is required'],
  ],
  [
    'it validates version 1.0 only and takes all others unseen, where 1.0 is the version of this specification',
    ['another specversion', 'a number as specversion'],
  ],
  [
    'it reads times as Date does, where they MUST adhere to RFC 3339',
    [
      'a time that is a word',
      'a time without seconds',
      'a time with an unknown zone letter',
      'a time with an offset of 25 hours',
      'a time with letters in its offset',
      'a time with an offset in hours only',
      'a day that is not in the calendar',
      'a leap day in a year of a century',
      'a thirteenth month',
      'a 25th hour',
      'a second of 60 at noon',
      'a time without a zone',
      'a space instead of T',
    ],
  ],
  [
    'it leaves media types unread, where they MUST adhere to RFC 2046',
    ['a datacontenttype that is no media type', 'an empty datacontenttype', 'a list of media types'],
  ],
  [
    'it drops optional attributes that are empty, where they MUST NOT be empty',
    ['an empty dataschema', 'an empty subject', 'an empty partitionkey'],
  ],
  [
    'it lets an attribute be any object or number, where integers have 32 bits and structures do not exist',
    [
      'a fraction',
      'an integer of 33 bits',
      'an object as extension',
      'an array as extension',
      'a number as category',
    ],
  ],
  [
    'it looks at no characters, where control characters, unpaired surrogates and noncharacters are disallowed',
    [
      'a line feed',
      'a control character of the upper range',
      'half a surrogate pair',
      'a noncharacter',
      'a noncharacter of a higher plane',
    ],
  ],
  [
    'it checks URIs loosely, where URI is the absolute-URI of RFC 3986, and URI-reference has its grammar',
    ['a scheme that starts with a digit', 'a port that is no number', 'a fragment in a dataschema'],
  ],
  [
    'it loses the name, where names are of lower-case letters and digits (our limit of length is our own)',
    ['the name of the prototype', 'a name over the limit'],
  ],
  [
    'it does not relate data to its media type, where both members exclude each other and text is a string',
    ['both data and data_base64', 'an object as data of text', 'null as data of XML'],
  ],
  [
    'it decodes Base64 leniently, where RFC 4648 §4 demands its alphabet and padding',
    ['Base64 without padding', 'Base64 for URLs', 'Base64 in lines'],
  ],
]

const accepts = (read: () => unknown): boolean => {
  try {
    read()
    return true
  } catch {
    return false
  }
}

const sdkAccepts = (members: Readonly<Record<string, unknown>>): boolean => {
  const headers = { 'content-type': 'application/cloudevents+json' }
  const body = JSON.stringify(Object.fromEntries([...Object.entries(MINIMAL), ...Object.entries(members)]))
  return accepts(() => (HTTP.toEvent({ headers, body }) as SdkEvent).validate())
}

describe('the SDK and we', () => {
  it.each([...SUITE_VALID, ...MORE_VALID])('both accept %s', (_title, members) => {
    expect([accepts(() => validateEvent({ ...MINIMAL, ...members })), sdkAccepts(members)]).toEqual([
      true,
      true,
    ])
  })

  it('differ in the invalid cases of the table, and in no others', () => {
    const titles = [...SUITE_INVALID, ...MORE_INVALID]
      .filter(([, members]) => sdkAccepts(members))
      .map(([title]) => title)

    expect(titles.sort()).toEqual(SDK_IS_LENIENT.flatMap(([, cases]) => cases).sort())
  })

  it('differ in 16 of the 25 invalid cases of the public suite', () => {
    expect(SUITE_INVALID).toHaveLength(25)
    expect(SUITE_INVALID.filter(([, members]) => sdkAccepts(members))).toHaveLength(16)
  })
})
