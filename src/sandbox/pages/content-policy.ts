import type { Response } from 'express'

export interface Needs {
  /** Scripts of the sandbox's own, and answers of its own for them. */
  readonly scripts?: boolean
  /** A mini-app in a frame: of any origin, and free to go to another one. Then its messages are no longer obeyed. */
  readonly frames?: boolean
  /** A page of the sandbox may show this one in a frame. */
  readonly isFramed?: boolean
}

/** Nothing from elsewhere; scripts and frames only for the pages that say so. */
export function contentPolicy({ scripts = false, frames = false, isFramed = false }: Needs = {}): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    ...(scripts ? ["script-src 'self'", "connect-src 'self'"] : []),
    ...(frames ? ["frame-src 'self' http: https:"] : []),
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${isFramed ? "'self'" : "'none'"}`,
  ].join('; ')
}

export const allow = (res: Response, needs: Needs): void => void res.set('Content-Security-Policy', contentPolicy(needs))
