import { databaseSettings } from './src/shared/database'

// For Knex's own command line (`npx knex migrate:make NAME`); the product migrates through `gateway migrate`.
export default databaseSettings('sqlite:./data/gateway.sqlite3', { forMigrator: true })
