export { depositFund, setFloor, setOverdraft } from './change-fund'
export type { Fund, FundDeps } from './fund'
export { readFund, showFund } from './show-fund'
export { readFundFloor } from './store'
