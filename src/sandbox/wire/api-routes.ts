import { getInvoice } from '../business/get-invoice'
import { listInvoices } from '../business/list-invoices'
import { postConfirm } from '../business/post-confirm'
import { merchantRoutes } from '../merchant/merchant-routes'
import { authCheck } from '../security/auth-check'
import type { ApiRoute } from './call'

/** Every endpoint that the sandbox imitates. A later group adds its list here. */
export const API_ROUTES: readonly ApiRoute[] = [authCheck, listInvoices, getInvoice, postConfirm, ...merchantRoutes]
