import { deployStage } from './deploy-stage.ts'
import { runCommand } from './run-command.ts'

// npm run deploy -- --stage prod --param=kafka=serverless
await runCommand(deployStage)
