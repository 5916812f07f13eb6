export default async function teardown(): Promise<void> {
  await (globalThis as { endTests?: () => Promise<void> }).endTests?.()
}
