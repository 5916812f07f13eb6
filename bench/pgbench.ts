import type { Cluster } from './cluster'
import type { Workload } from './measure'

/**
 * pgbench's built-in TPC-B-like transaction, as everybody can run it: simple protocol, one thread, over loopback like the gateway itself, with pgbench's own
 * vacuum of the small tables before each run.
 */
export function tpcbLike(cluster: Cluster, of: { scale: number; clients: number; seconds: number }): Workload {
  const { scale, clients, seconds } = of
  return {
    name: `pgbench TPC-B-like, scale ${scale}, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    async run() {
      const output = await cluster.program('pgbench', [
        '-c',
        String(clients),
        '-T',
        String(Math.max(1, Math.round(seconds))),
        tableSpace(scale),
      ])
      const [, perSecond] = /tps = ([\d.]+) \(without/.exec(output) ?? []
      if (perSecond === undefined) throw new Error(`pgbench gave no figure: ${output}`)
      return { value: Number(perSecond) }
    },
  }
}

const tableSpace = (scale: number): string => `tpcb_${scale}`

/** Makes the tables of a scale unless the cluster has them from an earlier run. */
export async function prepareTpcb(cluster: Cluster, scale: number): Promise<void> {
  const name = tableSpace(scale)
  const [made] = await cluster.ask('postgres', `select 1 from pg_database where datname = '${name}' and datallowconn`)
  if (made) return
  // Filled under another name, so that a run which is broken off leaves nothing that looks complete.
  await cluster.fresh(`${name}_new`)
  await cluster.program('pgbench', ['-i', '-q', '-s', String(scale), `${name}_new`])
  await cluster.ask('postgres', `alter database ${name}_new rename to ${name}`)
}
