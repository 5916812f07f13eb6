import { z } from 'zod'

/* The settings of the mini-app: whose pages may show it in a frame and talk to it. */

export interface MinappConfig {
  /** Origins such as `https://pay.example.org` or `https://*.example.org`, Invoicebox's own among them. */
  readonly parents: readonly string[]
}

/** Its payment page, its marketplace and its application (invoicebox-api, 5.1). */
export const INVOICEBOX_PARENTS = 'https://*.invoicebox.ru'

const PARENT = /^https?:\/\/(\*\.)?[a-z\d-]+(\.[a-z\d-]+)*(:\d{1,5})?$/

export const MINAPP_FIELDS = {
  MINAPP_PARENT_ORIGINS: z
    .string()
    .default('')
    .transform((text, context) => {
      const origins = text
        .toLowerCase()
        .split(/[,\s]+/)
        .filter(Boolean)
      for (const origin of origins.filter((one) => !PARENT.test(one)))
        context.addIssue({
          code: 'custom',
          message: `MINAPP_PARENT_ORIGINS holds "${origin}", which is not an origin such as https://pay.example.org or https://*.example.org.`,
        })
      return origins
    }),
}

/** @param of what the rest of the settings says; outside production the sandbox's pages are parents too */
export function toMinapp(
  env: z.output<z.ZodObject<typeof MINAPP_FIELDS>>,
  of: { isProduction: boolean; apiUrl: string; sandboxPort: number },
): MinappConfig {
  const own = ['127.0.0.1', 'localhost'].map((name) => `http://${name}:${of.sandboxPort}`)
  const sandbox = of.isProduction ? [] : [new URL(of.apiUrl).origin, ...own]
  return { parents: [...new Set([INVOICEBOX_PARENTS, ...sandbox, ...env.MINAPP_PARENT_ORIGINS])] }
}

/** What must be right before anything is sold in earnest: each with whether it is wrong. */
export const minappFaults = ({ parents }: MinappConfig): [boolean, string][] => [
  [parents.some((origin) => !origin.startsWith('https:')), 'MINAPP_PARENT_ORIGINS must hold https:// origins alone in production.'],
]
