/** The version of Tidewire, the same as in package.json: of the API, of a stack, and of the command line. */
export const VERSION = '0.1.0'
