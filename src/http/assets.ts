import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Response } from 'express'
import { sha256 } from '../shared/ids'
import { PUBLIC_FOLDER } from './folders'
import { brandSheet } from './brand'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
}

export interface Asset {
  readonly type: string
  readonly body: Buffer
  /** Part of the address, so that a browser keeps a file for a year and still sees the next version at once. */
  readonly version: string
}

export interface Assets {
  readonly find: (name: string) => Asset | undefined
  /** The address of a file for use in a page. A name that does not exist throws. */
  readonly href: (name: string) => string
  readonly brand: Asset
}

/** Reads the files of `public/` once. A request only ever looks a name up, so no path can lead outside. */
export function loadAssets(accent: string | undefined): Assets {
  const files = new Map(
    readdirSync(PUBLIC_FOLDER).map((name) => [name, toAsset(TYPES[extname(name)] ?? '', readFileSync(join(PUBLIC_FOLDER, name)))]),
  )
  const known = (name: string): Asset | undefined => (files.get(name)?.type ? files.get(name) : undefined)
  const brand = toAsset('text/css', Buffer.from(brandSheet(accent)))
  return {
    brand,
    find: known,
    href: (name) => {
      const asset = name === 'brand.css' ? brand : known(name)
      if (!asset) throw new Error(`bug: no asset "${name}"`)
      return `${name === 'brand.css' ? '/brand.css' : `/assets/${name}`}?v=${asset.version}`
    },
  }
}

const toAsset = (type: string, body: Buffer): Asset => ({ type, body, version: sha256(body.toString('base64')).slice(0, 12) })

export function sendAsset(res: Response, asset: Asset, askedVersion: unknown): void {
  const forever = askedVersion === asset.version
  res.set('Cache-Control', forever ? 'public, max-age=31536000, immutable' : 'public, max-age=300')
  res.type(asset.type).send(asset.body)
}
