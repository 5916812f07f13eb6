import { readConfig } from './config'
import { startSandbox } from './index'
import type { RunningSandbox } from './index'

function greet({ url, token, merchantId, merchantToken, notificationKey, seed }: RunningSandbox): void {
  console.log(`Invoicebox sandbox ready (seed ${seed})
  start page   ${url}/
  marketplace  ${url}/marketplace
  console      ${url}/_sandbox/
  API          ${url}/v3/ and ${url}/l3/
  gate         ${url.replace('http', 'ws')}/v3/gate/rpc?token=…
  merchant     ${merchantId}
  its token    ${merchantToken}
  its key      ${notificationKey}
  token        ${token}`)
}

function stopOnSignals(sandbox: RunningSandbox): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void sandbox.close())
}

async function main(): Promise<void> {
  const sandbox = await startSandbox(readConfig())
  greet(sandbox)
  stopOnSignals(sandbox)
}

main().catch((error: unknown) => {
  console.error(`The sandbox did not start: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
