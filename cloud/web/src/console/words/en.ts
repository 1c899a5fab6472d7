// Words of the console in English. The type makes a missing word a build error.
import trade from '@shared/words/en'
import type zh from './zh-CN'

const words: typeof zh = {
  ...trade,
  app: { name: 'Sealtrace', title: 'Traceability', skip: 'Skip to content', language: '中文', languageLabel: 'Switch to Chinese', menu: 'Main menu', account: 'Account menu', logout: 'Sign out' },
  menu: {
    orders: 'Production orders', documents: 'Documents', reassignments: 'Reassignments', reconciliation: 'Label reconciliation', trace: 'Trace', diversion: 'Suspected diversion', devices: 'Devices', carriers: 'Reusable pallet labels', settings: 'Settings', audit_trail: 'Activity log',
    group: { master: 'Master data', production: 'Production', documents: 'Documents', audit: 'Audit', system: 'System' },
  },
  act: { search: 'Search', reset: 'Reset', reload: 'Try again', copy: 'Copy', copied: 'Copied', close: 'Close', cancel: 'Cancel', save: 'Save', edit: 'Edit', remove: 'Delete', download: 'Download raw bytes', all: 'All' },
  list: { total: '{n} in total', loading: 'Reading…', failed: 'The data could not be read', emptyFiltered: 'Nothing matches', emptyFilteredHint: 'Change the conditions, or reset the search.', chosen: '{n} chosen', unchoose: 'Clear', actions: 'Actions' },
  login: {
    title: 'Sign in', lead: 'Where every bottle came from and went, signed at each step.', login: 'Account', password: 'Password', submit: 'Sign in', busy: 'Signing in…',
    needLogin: 'Enter your account', needPassword: 'Enter your password', ended: 'Your login has ended. Sign in again to go on.',
  },
  notFound: { title: 'No such page', text: 'The console has nothing at {path}; the link may be wrong.', home: 'Go to production orders' },
  form: {
    saved: 'Saved', unsaved: 'Some changes are not saved. Leave anyway?', discard: 'Discard changes', keepSecret: 'Leave empty to keep it', yes: 'Yes', no: 'No', none: 'None',
    addRow: 'Add a row', removeRow: 'Remove row {n}', mixed: 'Mixed: the innermost package holds several products', addPart: 'Add a product', addStep: 'Add a level',
    overtaken: 'Somebody else has just saved this. Their content was taken in and yours kept where you changed it; check it and save once more.', overtakenBoth: 'Changed by both: {fields}.',
    field: { level: 'Level', holds: 'Holds', product: 'Product', units: 'Bottles' },
  },
  fault: {
    required: 'Please fill this in', unknown: 'Missing, or there is no such thing', taken: 'Another one has this already', twice: 'Named twice', too_short: 'Too short', too_long: 'Too long', too_small: 'Too small', too_large: 'Too large', too_many: 'Too many',
    out_of_range: 'Outside of the allowed range', characters: 'Contains characters that are not allowed', not_digits: 'Digits only', unreadable: 'This cannot be read; fill it in again', no_such_field: 'There is no such field', no_such_filter: 'Cannot be filtered by this', fixed: 'Cannot be changed any more', order: 'Levels go from the inside out, each once',
    parts: 'The bottles must add up to what it holds, of at least two products, each once', not_in_plan: 'The packaging plan of this product has no such level',
    unauthorised: 'Not authorised: who was chosen may not make, stock or receive this product', disabled: 'Disabled; choose another one', overlaps: 'Overlaps the territory of another dealer', overlaps_dealer_regions: 'Overlaps the territory of “{dealer}”: {regions}',
    in_work: 'A task is in work; the packaging plan cannot change before it has ended', released: 'The order is released; this cannot change', less_than_released: 'Not less than what was released', more_than_ordered: 'The tasks add up to more than the order', codes_issued: 'Codes were minted for the other product already',
    not_permitted: 'This device may not work at that site', cycle: 'Cannot be below itself', itself: 'Cannot hold itself', mixes: 'This product is a mixed package itself', is_part: 'This product is part of another mixed package', is_part_product: 'This product is part of the mixed package “{product}”', not_allowed: 'A factory belongs to nothing', not_a_factory: 'Only a factory can be above it', before_start: 'Must end after it begins', same_as_login: 'Must differ from the login', void: 'Void', moved: 'Something was scanned already',
    more_than_demand: 'The shares add up to more than the document', less_than_moved: 'Not less than what was scanned', not_on_document: 'The document does not ask for this product', same: 'Must differ from the other end', unexpected: 'Documents of this kind have no such field', last_admin: 'At least one administrator must stay enabled', yourself: 'You cannot disable or delete your own account', wrong_kind: 'Only another outbound document', not_open: 'Not open', not_under_document: 'Not shipped under this document', too_many_codes: 'Too many codes at once',
    taken_differently: 'Number {number} belongs to another one with other content ({field} differs)', other: 'Not right ({fault})',
  },
  resource: {
    new: 'New {one}', emptyHint: 'Add the first one with the button at the top right.', state: 'State', enabled: 'Enabled', disabled: 'Disabled', enable: 'Enable', disable: 'Disable', enabledDone: '{n} enabled', disabledDone: '{n} disabled',
    removeAsk: 'Delete “{name}”? This cannot be undone.', removed: '“{name}” deleted', inUse: 'Used by “{by}” ({n}), so it cannot be deleted; it can be disabled.', rows: '{n} rows', createdAt: 'Created {at}', trail: 'Activity log', revision: 'Revision', by: { tasks: 'Tasks', items: 'Codes', operations: 'Operations' },
  },
  settings: { pending: 'Pending lots may ship', pendingHint: 'When off, lots that quality control has not released are refused at the scan; blocked lots never leave.', pending_may_ship: 'Pending lots may ship', void: 'Unaccounted labels may be declared void', voidHint: 'Labels nobody has accounted for so long after they were issued may be declared void by a manager; goods that carry one are refused from then on.', void_after_days: 'Days until unaccounted labels may be declared void', days: 'days' },
  audit: {
    empty: 'Nothing was changed yet', ofOne: '{what} #{id}', commandLine: 'Command line', changed: 'What changed', before: 'Before', after: 'After', same: 'Nothing changed',
    field: { at: 'Time', account: 'By', action: 'Action', resource: 'What', subject: 'Name' },
    action: { create: 'Created', edit: 'Edited', enable: 'Enabled', disable: 'Disabled', delete: 'Deleted', codes: 'Codes minted', release: 'Released', withdraw: 'Withdrawn', submit: 'Submitted', approve: 'Approved', reject: 'Rejected', void: 'Voided', close: 'Closed', share: 'Shared out', reassign: 'Reassigned', close_task: 'Task closed', void_task: 'Task voided' },
  },
  order: {
    query: 'Order, lot or product', plan: 'Packaging plan', progress: 'Progress', created: 'Created', empty: 'No production orders yet', emptyHint: 'Create an order, mint its codes and release it as tasks; orders of an ERP appear here too.', gtin: 'GTIN',
    new: 'New production order', edit: 'Edit order', mint: 'Mint codes', mintSubmit: 'Mint', release: 'Release tasks', releaseSubmit: 'Release', withdraw: 'Withdraw order', withdrawn: 'Order withdrawn', withdrawAsk: 'Withdraw order {number}? Its tasks become void with it.',
    revisionOf: 'revision {n}', releasedOf: '{n} of {of} released', closeTask: 'Close', voidTask: 'Void', taskEnded: 'Task ended',
    closeTaskAsk: 'Close the task at “{site}”? What was made stays; nothing new is begun.', voidTaskAsk: 'Void the task at “{site}”?',
    roll: 'Roll', downloadRoll: 'Download', labelSheets: 'Labels on A4 (PDF)', labelSheetsHint: 'The first {n} of this roll, ready for an office printer', produced: 'Produced', minted: 'Codes minted', tasks: 'Released tasks', level: 'Level', taskEmpty: 'No tasks have been released', unused: 'Unused', units: 'bottles',
    field: {
      number: 'Order', product: 'Product', lot: 'Lot', quantity: 'Quantity (bottles)', revision: 'Plan revision', state: 'State', units: 'Bottle codes', boxes: 'Box codes', cases: 'Case codes', pallets: 'Pallet codes', tasks: 'Tasks', codes: 'Codes',
      site: 'Site', kind: 'By', device: 'Device', date: 'Production date', shift: 'Shift',
    },
    hint: { revision: 'Which revision of the packaging plan; it cannot change while a task is in work.' },
  },
  reconciliation: {
    query: 'Order number or product', roll: 'Roll', issued: 'Issued', applied: 'Applied', scrapped: 'Scrapped', sampled: 'Sampled', returned: 'Returned', void: 'Void', unaccounted: 'Unaccounted',
    empty: 'No rolls yet', emptyHint: 'Once codes are minted for an order, this shows where the labels of each roll went: issued = applied + scrapped + sampled + returned + void + unaccounted.', fromOthers: '{n} labels of other orders were used for this one.',
    scanned: '{n} were scanned', detail: 'Where the labels went', usedBy: 'Used for', unused: 'Not used yet', strips: 'Written off', noStrips: 'Nothing was written off', scans: 'Scanned before being registered', scansHint: 'Consumers scanned labels nobody has registered: goods are out whose line has not reported, or labels have leaked.',
    pendingHint: 'A consumer who scans an unaccounted code reads "our code, being registered".', declareVoid: 'Declare unaccounted labels void', voidAsk: 'Declare the {n} unaccounted labels of this roll void? Goods that carry one are refused from then on, and consumers read "void".', voided: 'Declared void', notDue: 'Possible from {at} on.',
    field: { level: 'Level', open: 'Reconciled', unaccounted: 'Unaccounted', void: 'Void' },
  },
  document: {
    query: 'Number, dealer or site', route: 'From → to', outside: 'outside', moved: 'Scanned', units: 'Bottles in all', created: 'Created', empty: 'No documents yet', emptyHint: 'Create one, submit and approve it, and it reaches the warehouse PDAs; documents of an ERP appear here too.',
    new: 'New document', newOf: 'New: {kind}', progress: 'Progress', left: 'Difference', short: '{n} bottles missing', full: 'Complete', suspects: 'Suspected diversion of this dealer', history: 'History', byItself: 'By itself', byRevision: 'Converted by revision {n} of the packaging plan',
    reassignAsked: 'The request was filed; another manager has to approve it', bulkFailed: '{n} done, not done: {failed}', voidAsk: 'Void the {n} chosen documents?',
    field: {
      number: 'Number', kind: 'Kind', site: 'Site', arrives: 'Arrives at', leaves: 'Leaves from', comes: 'Comes from', goes: 'Goes to', counted: 'Counted at', dealer: 'Dealer', order: 'Production order', note: 'Note', lines: 'Lines',
      product: 'Product', unit: 'Unit', quantity: 'Quantity', units: 'Bottles', state: 'State', other: 'Other site', shares: 'Shares', share: 'Its products', device: 'Device', codes: 'Codes', to: 'To document', reason: 'Reason',
    },
    hint: { codes: 'One code a line; a scanner can type straight into it.', comes: 'Empty when it comes from outside.', order: 'The order whose goods it brings; may stay empty.', shares: 'What each device may do while it is offline; together not more than the document.' },
    act: { edit: 'Edit', submit: 'Submit', approve: 'Approve', reject: 'Reject', withdraw: 'Withdraw', void: 'Void', close: 'Close short', share: 'Share out', reassign: 'Reassign' },
    done: { submit: 'Submitted: {n}', approve: 'Approved: {n}', reject: 'Rejected', withdraw: 'Withdrawn to a draft', void: 'Voided: {n}', close: 'Closed' },
    ask: { void: 'Void document {number}? This cannot be undone.', close: 'Document {number} is not complete. Close it with what was scanned?' },
    past: { create: 'Created', edit: 'Edited', submit: 'Submitted', approve: 'Approved', reject: 'Rejected', withdraw: 'Withdrawn', void: 'Voided', close: 'Closed', share: 'Shared out', reassign: 'Reassigned', begin: 'Begun', finish: 'Finished' },
  },
  reassignment: {
    empty: 'No requests', emptyHint: 'When goods of a finished document are to count under another one, the request is listed here for another manager to decide.', documents: 'From → to document', by: 'Requested by',
    ask: { approve: 'Reassign {n} codes to document {to}?', reject: 'Reject this request ({n} codes, document {to})?' }, done: { approve: 'Reassigned', reject: 'Rejected' },
  },
  trace: {
    labels: 'Labels',
    label: 'Scan or type any code', hint: 'A bottle, case or pallet code, a GS1 link or an 18-digit SSCC. A scanner can type straight into it.', submit: 'Trace',
    start: 'Start from a code', startHint: 'Scan or type a code of any level to see what it is packed in, every step of its life, and the signed batch behind each step.',
    unknown: 'No record of this code', unreadable: 'This is not a readable code', printed: 'Label text', product: 'Product', lot: 'Lot', order: 'Production order', custody: 'Held by',
    at: 'at {site}', sent: 'on its way from {from} to {to}', shipped: 'from {from} to {dealer}', lost: 'missed at {site} when it was counted', sampled: 'sampled at {site}', destroyed: 'destroyed at {site}', none: 'nobody yet', disputed: 'Disputed', disputedHint: 'Two operations contradict each other; no diversion is scored until it is settled on the floor.',
    tree: 'Packaging', children: 'Holds {n}', noChildren: 'Holds nothing', noParent: 'In no package', contents: 'Contents', units: '{n} bottles',
    more: 'Show {n} more', life: 'Life', lifeEmpty: 'Nothing has happened to this code yet',
    line: 'Line, automatic', batch: 'Signed batch {n}', sequence: 'No. {n}', sightings: 'Sightings {n}', outside: 'Outside the territory', inside: 'Inside the territory', nowhere: 'Place unknown', unjudged: 'Not judged', otherDealer: 'not shipped to them', ownDealer: 'shipped to them', parent: 'Into', with: 'with its {level}',
    uncertain: 'Uncertainty of the device clock',
  },
  batch: {
    title: 'Signed batch', verified: 'Signature verified', verifiedHint: 'The signature matches the key this device enrolled with; nothing was changed.', failed: 'Signature not verified', failedHint: 'The signature does not match the key. This batch is no evidence.',
    device: 'Device', epoch: 'Epoch', number: 'Batch', range: 'Sequence', count: 'Operations', received: 'Received', size: 'Size', software: 'Device software',
    chain: 'Hash chain', previous: 'Previous', hash: 'This batch', payload: 'Payload', signature: 'Signature (Ed25519)', key: 'Signing key', receipt: 'Cloud receipt', stored: 'stored {at}',
    genesis: 'First of the chain', records: 'Operations in the batch', seq: 'No.', kind: 'Operation', codes: 'Codes', verdict: 'Verdict', here: 'this step', noReceipt: 'No receipt yet', moreCodes: '{n} codes in all',
  },
  diversion: {
    region: 'Seen in', dealer: 'Dealer', product: 'Product', code: 'Code', shipped: 'Shipped', territory: 'Territory', seen: 'Seen in', outside: 'Scans outside', last: 'Last seen',
    empty: 'No suspected diversion', emptyHint: "A code scanned outside its dealer's territory is listed here, one row per code.", map: 'Schematic map', mapHint: 'Points are city centres. A sketch only: it shows no administrative boundaries.',
    here: 'Territory', out: 'Seen outside', times: 'scans: {n}', detail: 'Why it is listed', shipment: 'Shipment', evidence: 'Evidence, not a verdict: travel, gifts, online orders and wrong locations also put scans outside a territory.',
    why: '{level} {code} ({product}, lot {lot}) was shipped at {shipped} with document {document} to dealer {dealer}, whose territory is {territory}.',
    whySeen: 'Since then it was scanned in {regions}, outside that territory ({n} in all).', whyReturned: 'It came back from dealer {dealers} instead.', whyLast: 'The last time was {last}.',
    whyNoTerritory: '(none registered)', allSightings: 'All sightings', trace: 'See its life', accuracy: 'within {m} m', and: ', ', stop: ' ',
    pick: 'Click a red point to filter by city',
  },
  device: {
    query: 'Device', name: 'Device', sites: 'Permitted sites', state: 'State', seen: 'Last seen', batch: 'Last batch', software: 'Software', expires: 'Certificate until', epoch: 'Epoch',
    empty: 'No devices yet', emptyHint: 'Line gateways and PDAs enrolled with a one-time token appear here.', never: 'never',
  },
}
export default words
