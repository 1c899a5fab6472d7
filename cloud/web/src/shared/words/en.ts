// Words of the trade in English. The type makes a missing word a build error.
import type zh from './zh-CN'

const words: typeof zh = {
  level: { unit: 'Bottle', box: 'Box', case: 'Case', pallet: 'Pallet' },
  plan: { unit: 'bottles', box: 'boxes', case: 'cases', pallet: 'pallets' },
  itemState: {
    free: 'Free', announced: 'Contents to follow', issued: 'Issued', applied: 'Applied', active: 'Active', packed: 'Packed', in_stock: 'In stock', shipped: 'Shipped', received: 'Received',
    verified: 'Verified', claimed: 'Claimed', returned: 'Returned', sampled: 'Sampled', destroyed: 'Destroyed', void: 'Void',
    frozen: 'Frozen', replaced: 'Replaced', unpacked: 'Unpacked', open: 'Open', closed: 'Closed', lost: 'Lost',
  },
  operation: {
    commission: 'Commissioned', pack: 'Packed', add_to: 'Added to package', unpack: 'Unpacked', relabel: 'Label replaced', verify_pack: 'Package verified',
    regroup: 'Regrouped', receive: 'Received', ship: 'Shipped', return: 'Returned', transfer: 'Transferred', count: 'Counted', sample: 'Sampled',
    destroy: 'Destroyed', inspect: 'Inspected', correct: 'Corrected', reemitted: 'Sent again',
  },
  verdict: { applied: 'Applied', duplicate: 'Duplicate', quarantined: 'Quarantined', frozen: 'Frozen', waiting: 'No verdict yet' },
  finding: { conformant: 'Conformant', diverted: 'Diverted', suspicious: 'Suspicious', counterfeit: 'Counterfeit' },
  sighting: { consumer: 'Consumer scan', inspector: 'Inspector scan' },
  orderState: { draft: 'Draft', released: 'Released', done: 'Done', void: 'Void' },
  documentState: { approved: 'Approved', in_work: 'In work', done: 'Done', void: 'Void' },
  documentKind: { outbound: 'Outbound', inbound: 'Inbound', return: 'Return', transfer: 'Transfer' },
  taskState: { open: 'Open', in_work: 'In work', done: 'Done', void: 'Void' },
  taskKind: { line: 'Line', device: 'PDA' },
  deviceState: { active: 'Active', enrolled: 'Enrolled', pending: 'Not enrolled yet', frozen: 'Frozen', revoked: 'Revoked' },
  role: { admin: 'Administrator', auditor: 'Auditor', inspector: 'Inspector', operator: 'Operator', supervisor: 'Supervisor' },
  error: {
    network: 'The cloud cannot be reached. Check the network and try again.',
    timeout: 'The cloud did not answer within 20 seconds. Try again in a moment.',
    not_json: 'The answer could not be read; a proxy may have stepped in.',
    wrong_login: 'The account or the password is wrong.',
    no_session: 'Your login has ended. Sign in again.',
    forbidden: 'This account may not do that.',
    not_found: 'Nothing here: it may have been deleted, or the link is wrong.',
    no_such_code: 'No record of this code: it may not have been applied yet, or it is not one of ours.',
    unreadable: 'This is not a code we can read. Check it and type it again.',
    invalid: 'Some fields are not right. Please check them.',
    too_many_requests: 'Too many tries. Wait a moment.',
    busy: 'The cloud is busy. Try again in a moment.',
    internal: 'The cloud failed and has logged it. Try again in a moment.',
    other: 'That did not work ({code}).',
  },
}
export default words
