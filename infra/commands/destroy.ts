import { destroyStage } from './destroy-stage.ts'
import { runCommand } from './run-command.ts'

// npm run destroy -- --stage dev
await runCommand(destroyStage)
