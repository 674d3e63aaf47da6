import type * as sdk from '@aws-sdk/lib-dynamodb'

/** An operation on items, as DynamoDB's API names it. */
export type Operation =
  | 'GetItem'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'Query'
  | 'Scan'
  | 'BatchGetItem'
  | 'BatchWriteItem'

/** A call about items: its operation and its input. `output` is a type alone. */
abstract class ItemCommand<Input extends object, Output> {
  abstract readonly operation: Operation
  declare readonly output: Output
  readonly input: Input

  constructor(input: Input) {
    this.input = input
  }
}

/** Calls DynamoDB about items, which are plain objects. */
export type DocumentClient = {
  /** Throws an error with the name of DynamoDB's own, such as `ConditionalCheckFailedException`, or the network's. */
  send<Output>(command: ItemCommand<object, Output>): Promise<Output>
}

// The commands of the SDK's document client, with its types. Its classes would bring the whole client into each bundle,
// a third of what a function loads (docs/adr/0044-functions-without-the-sdk.md).

export class GetCommand extends ItemCommand<sdk.GetCommandInput, sdk.GetCommandOutput> {
  readonly operation = 'GetItem'
}

export type PutInput = sdk.PutCommandInput
export class PutCommand extends ItemCommand<PutInput, sdk.PutCommandOutput> {
  readonly operation = 'PutItem'
}

export class UpdateCommand extends ItemCommand<sdk.UpdateCommandInput, sdk.UpdateCommandOutput> {
  readonly operation = 'UpdateItem'
}

export class DeleteCommand extends ItemCommand<sdk.DeleteCommandInput, sdk.DeleteCommandOutput> {
  readonly operation = 'DeleteItem'
}

export type QueryInput = sdk.QueryCommandInput
export class QueryCommand extends ItemCommand<QueryInput, sdk.QueryCommandOutput> {
  readonly operation = 'Query'
}

export class ScanCommand extends ItemCommand<sdk.ScanCommandInput, sdk.ScanCommandOutput> {
  readonly operation = 'Scan'
}

export class BatchGetCommand extends ItemCommand<sdk.BatchGetCommandInput, sdk.BatchGetCommandOutput> {
  readonly operation = 'BatchGetItem'
}

export type BatchWriteInput = sdk.BatchWriteCommandInput
export class BatchWriteCommand extends ItemCommand<BatchWriteInput, sdk.BatchWriteCommandOutput> {
  readonly operation = 'BatchWriteItem'
}
