const BUSINESS = [
  'approvals',
  'audit',
  'members',
  'staff',
  'fund',
  'payments',
  'orders',
  'autopay',
  'storefront',
  'notices',
  'reconciliation',
  'ledger',
  'invoicebox',
  'shared',
]

// Which room may import whom: the table of docs/architecture.md, checked by `npm run boundaries`.
const MAY_IMPORT = {
  shared: [],
  http: ['shared'],
  ledger: ['shared'],
  invoicebox: ['shared'],
  approvals: ['shared'],
  audit: ['shared'],
  members: ['approvals', 'ledger', 'shared'],
  fund: ['approvals', 'ledger', 'shared'],
  staff: ['approvals', 'members', 'shared'],
  payments: ['approvals', 'members', 'fund', 'ledger', 'invoicebox', 'shared'],
  orders: ['approvals', 'members', 'ledger', 'invoicebox', 'shared'],
  autopay: ['approvals', 'payments', 'fund', 'invoicebox', 'shared'],
  storefront: ['approvals', 'orders', 'members', 'ledger', 'invoicebox', 'shared'],
  notices: ['autopay', 'payments', 'storefront', 'orders', 'members', 'fund', 'approvals', 'staff', 'shared'],
  reconciliation: ['approvals', 'payments', 'orders', 'fund', 'ledger', 'invoicebox', 'shared'],
  backoffice: BUSINESS,
  api: BUSINESS,
  sandbox: [],
}

const roomRule = (room, allowed, name, pathNot) => ({
  name,
  severity: 'error',
  from: { path: `^src/${room}/`, ...(pathNot ? pathNot : {}) },
  to: { path: '^src/', pathNot: [room, ...allowed].map((r) => `^src/${r}/`) },
})

const rooms = Object.entries(MAY_IMPORT).flatMap(([room, allowed]) => [
  roomRule(room, allowed, `${room}-imports-only-its-own`, { pathNot: 'routes\\.ts$' }),
  ...(room === 'sandbox'
    ? [roomRule(room, allowed, `${room}-stands-alone`)]
    : [
        {
          name: `${room}-routes-may-use-http`,
          severity: 'error',
          from: { path: `^src/${room}/.*routes\\.ts$` },
          to: { path: '^src/', pathNot: [room, ...allowed, 'http'].map((r) => `^src/${r}/`) },
        },
      ]),
])

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...rooms,
    {
      name: 'nobody-imports-the-sandbox',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/sandbox/', '^src/demo\\.ts$'] },
      to: { path: '^src/sandbox/' },
    },
    {
      name: 'express-stays-at-the-doors',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(app|main|demo)\\.ts$', '^src/http/', 'routes\\.ts$', '^src/sandbox/'] },
      to: { path: 'node_modules/(@types/)?express/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
}
