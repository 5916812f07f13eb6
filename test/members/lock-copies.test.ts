import { randomUUID } from 'node:crypto'
import { memberAccount } from '../../src/ledger'
import { lockMember, readMember, unlockMember } from '../../src/members'
import { writeAudit } from '../../src/shared/audit'
import { inTransaction } from '../../src/shared/database'
import { someoneWaits } from '../support/locks'
import { until } from '../support/until'
import { OPERATOR, makeMembersWorld } from './world'

test('a copy of an unlocking that is held up while the first one is done does not let in whom somebody has locked since', async () => {
  const world = await makeMembersWorld('postgres')
  const { id, login } = await world.member()
  await lockMember(world.deps, { login, reason: 'Lost phone', actor: OPERATOR })
  const key = randomUUID()
  const [copy] = await inTransaction(world.db, async (tx) => {
    await tx('members').where({ id }).forNoKeyUpdate().first('id')
    const late = unlockMember(world.deps, { login, reason: 'Found', actor: OPERATOR, key })
    await until(() => someoneWaits(world.db))
    // The first one, and then the lock of somebody else.
    const done = { author: OPERATOR, at: new Date(), action: 'member_unlocked', subject: memberAccount(id), instructionKey: `lock:${key}` }
    await writeAudit(tx, [done])
    await tx('members').where({ id }).update({ locked_reason: 'Stolen' })
    return [late] as const
  })
  await copy
  expect(await readMember(world.db, id)).toMatchObject({ lockedReason: 'Stolen' })
  await world.close()
})
